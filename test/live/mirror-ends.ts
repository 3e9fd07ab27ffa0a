/** Listeners and senders on loopback that are closed after each test. */
import { afterEach } from 'vitest'
import { openUdpMirror, type UdpMirrorOptions, type UdpMirrorSource } from '../../src/source/udp-mirror.ts'
import { MirrorSender } from './mirror-sender.ts'

const open: UdpMirrorSource[] = []
const senders: MirrorSender[] = []

afterEach(async () => {
  for (const source of open.splice(0)) await source.close()
  for (const sender of senders.splice(0)) sender.close()
})

/** VXLAN on a free port, if nothing else is said. */
export async function listen(options: Partial<UdpMirrorOptions> = {}): Promise<UdpMirrorSource> {
  const source = await openUdpMirror({ tunnel: 'vxlan', host: '127.0.0.1', port: 0, ...options })
  open.push(source)
  return source
}

export function sendTo(source: UdpMirrorSource, host = source.address): MirrorSender {
  const sender = new MirrorSender(source.port, host)
  senders.push(sender)
  return sender
}
