import { describe, expect, it } from 'vitest'
import { QuicFrameView, readInitialFrame } from '../../src/wire/quic-frames.ts'
import { deriveInitialSecrets, type InitialSecrets, openInitial } from '../../src/wire/quic-initial.ts'
import { QuicPacketType, QuicPacketView, readLongHeader } from '../../src/wire/quic-packet.ts'
import { parseClientHello } from '../../src/wire/tls-client-hello.ts'
import { CLIENT_FRAME, clientPacket, EXAMPLE_ID, EXAMPLES, initialPacket, SERVER_PAYLOAD } from './quic-examples.ts'
import { hex } from './tls-bytes.ts'

const secretsOf = (version: number): InitialSecrets =>
  deriveInitialSecrets(EXAMPLE_ID, 0, EXAMPLE_ID.length, version) as InitialSecrets

function open(packet: Uint8Array, keys: InitialSecrets['client'], end = packet.length) {
  const view = new QuicPacketView()
  expect(readLongHeader(packet, 0, end, packet.length, view)).toBe(true)
  expect(view.type).toBe(QuicPacketType.INITIAL)
  return openInitial(packet, 0, end, view, keys)
}

describe.each(EXAMPLES)('$name', (example) => {
  const secrets = secretsOf(example.version)

  it('derives the published keys', () => {
    const { key, iv } = secrets.client
    expect([Buffer.from(key).toString('hex'), Buffer.from(iv).toString('hex')]).toEqual(example.client.slice(0, 2))
  })

  it('reads the published client Initial', () => {
    const packet = clientPacket(example)
    expect(Buffer.from(packet).toString('hex').startsWith(example.clientHead)).toBe(true)
    expect(Buffer.from(packet).toString('hex').endsWith(example.clientTail)).toBe(true)
    const opened = open(packet, secrets.client)
    expect(opened).toMatchObject({ packetNumber: 2, authentic: true })
    expect([...(opened?.payload.subarray(0, CLIENT_FRAME.length) ?? [])]).toEqual(CLIENT_FRAME)
  })

  it('reads the published server Initial, and not with the client keys', () => {
    const packet = Uint8Array.from(hex(example.serverPacket))
    const opened = open(packet, secrets.server)
    expect(opened).toMatchObject({ packetNumber: 1, authentic: true })
    expect([...(opened?.payload ?? [])]).toEqual(SERVER_PAYLOAD)
    expect(open(packet, secrets.client)).toBeNull()
  })

  it('leaves the borrowed bytes as they are', () => {
    const packet = clientPacket(example)
    const before = packet.slice()
    open(packet, secrets.client)
    expect(packet).toEqual(before)
  })

  it('reads what is there of a packet that the capture cut off', () => {
    const opened = open(clientPacket(example), secrets.client, 300)
    expect(opened?.authentic).toBe(false)
    expect([...(opened?.payload.subarray(0, CLIENT_FRAME.length) ?? [])]).toEqual(CLIENT_FRAME)
  })

  it('says no when one bit of the packet is not as it was sent', () => {
    const packet = clientPacket(example)
    packet[700] = (packet[700] as number) ^ 1
    expect(open(packet, secrets.client)).toBeNull()
  })
})

it('finds the ClientHello of the published packet in its CRYPTO frame', () => {
  const payload = Uint8Array.from(CLIENT_FRAME)
  const frame = new QuicFrameView()
  expect(readInitialFrame(payload, 0, payload.length, frame)).toBe(payload.length)
  const hello = parseClientHello(payload, frame.at + 4, frame.end)
  expect(hello).toMatchObject({
    kind: 'message',
    value: { serverName: 'example.com', alpn: ['alpn'], supportedVersions: [0x0304], cipherSuites: [0x1301, 0x1302] },
  })
})

it.each([0xff00001d, 0xff000017, 0xff000016, 0xfaceb002, 0x51303530, 0x54303531])(
  'reads an Initial of version 0x%x under its own salt, and under no other',
  (version) => {
    const packet = initialPacket({ version, payload: [1], pad: 100 })
    expect(open(packet, secretsOf(version).client)?.authentic).toBe(true)
    expect(open(packet, secretsOf(1).client)).toBeNull()
  },
)

it('has no keys for a version it does not know', () => {
  expect(deriveInitialSecrets(EXAMPLE_ID, 0, 8, 0x12345678)).toBeNull()
})

it('says no to a packet too short for its sample', () => {
  const view = new QuicPacketView()
  const packet = clientPacket(EXAMPLES[0] as (typeof EXAMPLES)[0])
  readLongHeader(packet, 0, 30, packet.length, view)
  expect(openInitial(packet, 0, 30, view, secretsOf(1).client)).toBeNull()
})
