/** What the detectors say of shipped captures, each of real servers: those that no test in rules/ has, and all detectors at once. */
import { describe, expect, it } from 'vitest'
import { replayFindings } from '../../src/alert/index.ts'
import { goldenFlows } from './golden.ts'

const told = (capture: string): string[] =>
  replayFindings({ flows: goldenFlows(capture) }).map(
    ({ rule, severity, must_fix }) => `${rule} ${severity} ${must_fix}`,
  )

describe('one capture is enough', () => {
  it.each([
    { capture: 'smtp-starttls-missing.pcap', finding: 'A4 critical attack' },
    { capture: 'postgresql-plain.pcap', finding: 'A5 high client' },
    { capture: 'sslv2.pcap', finding: 'A6 critical both' },
    { capture: 'sslv3-cbc.pcap', finding: 'A6 critical both' },
    { capture: 'tls12-null-cipher.pcap', finding: 'A9 critical both' },
    { capture: 'tls12-anon-dh.pcap', finding: 'A9 critical both' },
    { capture: 'tls12-3des.pcap', finding: 'A9 medium both' },
  ])('$capture: $finding', ({ capture, finding }) => expect(told(capture)).toContain(finding))
})

describe('near misses', () => {
  it.each([
    { capture: 'ssh-openssh.pcap', why: 'SSH of today' },
    { capture: 'tls-odd-port.pcap', why: 'a port of its own is no fault' },
    { capture: 'http-plain-get.pcap', why: 'HTTP on its own port is coverage, not an alert' },
    { capture: 'smtp-starttls.pcap', why: 'the upgrade was taken' },
    { capture: 'postgresql-ssl.pcap', why: 'TLS was asked for and given' },
    { capture: 'mysql-ssl.pcap', why: 'TLS was asked for and given' },
    { capture: 'tls12-dhe-2048.pcap', why: 'the prime is large enough' },
    { capture: 'tls13-openssl-x25519.pcap', why: 'TLS 1.3' },
    { capture: 'tls12-chacha20.pcap', why: 'an AEAD suite' },
    { capture: 'tls13-mlkem768-two-segments.pcap', why: 'a hello that needs two segments' },
    { capture: 'tls12-out-of-order.pcap', why: 'segments that overtake each other' },
    { capture: 'tls12-heartbeat-request.pcap', why: 'a heartbeat that asks for what it brought' },
    { capture: 'tls12-midstream.pcap', why: 'nothing is known of it' },
    { capture: 'http-bearer.pcap', not: 'A2', why: 'port 80 is no port of TLS' },
    { capture: 'tls12-fallback-scsv.pcap', why: 'the handshake was refused' },
  ])('$capture: $why', ({ capture, not }) => {
    const rules = told(capture).map((finding) => finding.split(' ')[0])
    if (not === undefined) expect(rules).toEqual([])
    else expect(rules).not.toContain(not)
  })
})
