import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { tls } from '../../src/dissect/tls.ts'
import { sslV2ClientHello, sslV2ServerHello } from '../wire/tls-bytes.ts'
import { text } from './conversation.ts'
import {
  alert,
  applicationData,
  certificates,
  changeCipherSpec,
  clientHello,
  DER_A,
  encryptedAlert,
  finished,
  handshake,
  record,
  serverHello,
} from './tls-records.ts'

const probe = (bytes: ArrayLike<number>) => tls.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)
const opener = (bytes: ArrayLike<number>) => tls.opener?.(Uint8Array.from(bytes), 0, bytes.length)
const hello = handshake(clientHello())

describe('probe', () => {
  it('knows application data that ends with the segment where most of it was cut off', () => {
    const bytes = Uint8Array.from(applicationData()).subarray(0, 16)
    const unseen = applicationData().length - 16
    expect(tls.probe(bytes, 0, 16, CLIENT, unseen)).toBe('match')
    expect(tls.probe(bytes, 0, 16, CLIENT, unseen - 1)).toBe('unsure')
    expect(tls.probe(bytes, 0, 16, CLIENT, unseen + 1)).toBe('unsure')
  })

  it.each([
    { name: 'a ClientHello', bytes: hello },
    { name: 'its first eleven bytes', bytes: hello.slice(0, 11) },
    { name: 'a ServerHello, for the capture that has only the server', bytes: handshake(serverHello()) },
    { name: 'a hello in records of one byte', bytes: clientHello().flatMap((byte) => record(22, [byte])) },
    { name: 'nothing but an alert', bytes: alert(2, 40) },
    { name: 'an alert with a record behind it', bytes: [...alert(1, 0), ...applicationData()] },
    { name: 'application data that ends with the segment', bytes: applicationData() },
    { name: 'two records of application data', bytes: [...applicationData(), ...applicationData().slice(0, 5)] },
    { name: 'ChangeCipherSpec and Finished', bytes: [...changeCipherSpec, ...finished] },
    { name: 'an encrypted alert', bytes: encryptedAlert },
    { name: 'a certificate message, picked up in the middle', bytes: handshake(certificates(DER_A)) },
    { name: 'a CLIENT-HELLO of SSL 2.0', bytes: sslV2ClientHello(0x0002, [0x010080]) },
    { name: 'a ClientHello of TLS inside one of SSL 2.0', bytes: sslV2ClientHello(0x0301, [0x00002f]) },
    { name: 'a SERVER-HELLO of SSL 2.0', bytes: sslV2ServerHello(DER_A, [0x010080]) },
  ])('knows $name', ({ bytes }) => expect(probe(bytes)).toBe('match'))

  it.each([
    { name: 'nothing', bytes: [] },
    { name: 'the type of a record', bytes: [22] },
    { name: 'a header without its body', bytes: hello.slice(0, 5) },
    { name: 'a hello without its version', bytes: hello.slice(0, 10) },
    { name: 'half of an alert', bytes: alert(2, 40).slice(0, 6) },
    { name: 'an alert and two bytes that may be a header', bytes: [...alert(2, 40), 23, 3] },
    { name: 'a record that goes on', bytes: applicationData().slice(0, 40) },
    { name: 'a record and the beginning of a header', bytes: [...applicationData(), 23, 3] },
    { name: 'half of an SSL 2.0 hello', bytes: sslV2ClientHello(0x0002, [0x010080]).slice(0, 6) },
  ])('waits for more behind $name', ({ bytes }) => expect(probe(bytes)).toBe('unsure'))

  it.each([
    { name: 'HTTP', bytes: text('GET / HTTP/1.1\r\n') },
    { name: 'SSH', bytes: text('SSH-2.0-OpenSSH_9.6\r\n') },
    { name: 'a record of no known version', bytes: [22, 9, 9, 0, 50] },
    { name: 'an empty record', bytes: [23, 3, 3, 0, 0] },
    { name: 'a record longer than any', bytes: [23, 3, 3, 0xff, 0xff] },
    { name: 'protected data too short for a tag', bytes: record(23, [1, 2, 3]) },
    { name: 'a ChangeCipherSpec of two bytes', bytes: record(20, [1, 1]) },
    { name: 'an alert of no level', bytes: alert(7, 40) },
    { name: 'an alert of no description', bytes: alert(2, 200) },
    { name: 'an alert with something else behind it', bytes: [...alert(2, 40), ...text('hello')] },
    { name: 'an alert with a letter behind it', bytes: [...alert(2, 40), 0x41] },
    { name: 'a record with text behind it', bytes: [...applicationData(), ...text('hello world')] },
    { name: 'records of two versions', bytes: [...applicationData(), 23, 3, 1, 0, 40] },
    { name: 'a hello split by something that is no record', bytes: [...record(22, [1, 0]), ...text('no record')] },
  ])('is not fooled by $name', ({ bytes }) => expect(probe(bytes)).toBe('no_match'))
})

describe('opener', () => {
  it.each([
    { name: 'a ClientHello', bytes: hello, want: CLIENT },
    { name: 'a ServerHello', bytes: handshake(serverHello()), want: SERVER },
    { name: 'a CLIENT-HELLO of SSL 2.0', bytes: sslV2ClientHello(0x0002, [0x010080]), want: CLIENT },
    { name: 'a SERVER-HELLO of SSL 2.0', bytes: sslV2ServerHello(DER_A, [0x010080]), want: SERVER },
    { name: 'a Certificate', bytes: handshake(certificates(DER_A)), want: null },
    { name: 'application data', bytes: applicationData(), want: null },
    { name: 'an empty beginning', bytes: [], want: null },
    { name: 'a header alone', bytes: hello.slice(0, 5), want: null },
  ])('of $name', ({ bytes, want }) => expect(opener(bytes)).toBe(want))
})
