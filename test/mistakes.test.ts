/**
 * What others get wrong: protocols on the ports of others, protocols that look like TLS at first, banners that several have in
 * common, and openings of which each byte has a segment of its own. The conversations are real, and only their ports and cuts are made.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ETHERNET, isIpv4, readFrames, resegment } from '../captures/make/edit.ts'
import { Agent } from '../src/agent.ts'
import { compilePolicies, loadPolicy } from '../src/classify/index.ts'
import { LineBuffer } from '../src/record/line-buffer.ts'
import { batchOf, type Frame } from './frames.ts'

const FOLDER = fileURLToPath(new URL('../captures/', import.meta.url))
const IP_AT = 14
const PROTO_TCP = 6
const judge = compilePolicies([loadPolicy('sec09-recommended')])

type Made = Awaited<ReturnType<typeof readFrames>>[number]

/** Of every flow, in the order of its first packet, what does not depend on ports and cuts. */
function judged(frames: readonly Made[]) {
  const lines = new LineBuffer(1 << 12)
  const agent = new Agent({ judge, sink: { lines, certificate() {} }, sensor: 'test', policy: 'sec09-recommended' })
  const taken: Frame[] = frames.map(({ timeUs, bytes }) => {
    return { time: timeUs, bytes, wire: bytes.length, link: ETHERNET }
  })
  agent.process(batchOf(taken), 'made')
  agent.finish()
  const records = lines.bytes.toString('latin1', 0, lines.end).split('\n').filter(Boolean)
  return records
    .map((line) => JSON.parse(line))
    .toSorted((a, b) => (a.first_seen < b.first_seen ? -1 : 1))
    .map(({ app_protocol, upgrade, verdict, reason, violations, credentials_exposed, server_name }) => {
      return { app_protocol, upgrade, verdict, reason, violations, credentials_exposed, server_name }
    })
}

/** The server's port, by the golden beside the capture. */
function portOf(capture: string): number {
  const { records } = JSON.parse(readFileSync(`${FOLDER}${capture}.pcap.json`, 'utf8'))
  return records.find(({ transport }: { transport: string }) => transport === 'tcp').server_port
}

/** Both ends see the server at another port. */
function moved(frames: readonly Made[], from: number, to: number): Made[] {
  return frames.map((frame) => {
    const bytes = Buffer.from(frame.bytes)
    const tcpAt = IP_AT + ((bytes[IP_AT] as number) & 15) * 4
    for (const at of [tcpAt, tcpAt + 2]) if (bytes.readUInt16BE(at) === from) bytes.writeUInt16BE(to, at)
    return { ...frame, bytes }
  })
}

const tcpFrames = async (capture: string): Promise<Made[]> =>
  (await readFrames(`${FOLDER}${capture}.pcap`)).filter(
    (frame) => isIpv4(frame) && frame.bytes[IP_AT + 9] === PROTO_TCP,
  )

const CASES = [
  { capture: 'mysql-plain', port: 5432, is: 'mysql' },
  { capture: 'postgresql-plain', port: 3306, is: 'postgresql' },
  { capture: 'http-plain-get', port: 443, is: 'http' },
  { capture: 'ssh-openssh', port: 80, is: 'ssh' },
  { capture: 'tls12-dhe-1024', port: 8080, is: 'tls' },
  { capture: 'tls13-openssl-x25519', port: 80, is: 'tls' },
  { capture: 'mqtt-password', port: 443, is: 'mqtt' },
  { capture: 'mongodb-no-auth', port: 443, is: 'mongodb' },
  { capture: 'smtp-auth-plain', port: 21, is: 'smtp' },
  { capture: 'ftp-login-refused', port: 25, is: 'ftp' },
  { capture: 'pop3-cram-md5-no-tls', port: 6379, is: 'pop3' },
  { capture: 'redis-auth', port: 110, is: 'redis' },
  { capture: 'memcached-text', port: 80, is: 'memcached' },
  { capture: 'irc-plain', port: 443, is: 'irc' },
  { capture: 'postgresql-ssl', port: 443, is: 'postgresql' },
] as const

describe('a conversation', () => {
  it.each(CASES)('$capture on port $port is $is, and judged as on its own port', async ({ capture, port, is }) => {
    const frames = await tcpFrames(capture)
    const own = judged(frames)
    expect(own.map((flow) => flow.app_protocol)).toContain(is)
    const elsewhere = moved(frames, portOf(capture), port)
    expect(elsewhere).not.toEqual(frames)
    expect(judged(elsewhere)).toEqual(own)
  })

  it.each(CASES)('$capture with a byte a segment, on port $port, is the same', async ({ capture, port }) => {
    const frames = await tcpFrames(capture)
    const cut = moved(frames, portOf(capture), port).flatMap((frame) => {
      const parts = resegment(frame, 1)
      return parts.length === 0 ? [frame] : parts
    })
    expect(cut.length).toBeGreaterThan(2 * frames.length)
    expect(judged(cut)).toEqual(judged(frames))
  })
})
