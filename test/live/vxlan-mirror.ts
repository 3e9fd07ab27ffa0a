/**
 * A process that mirrors interfaces as a cloud does: every frame in a VXLAN datagram of its own, with one network
 * identifier for each interface, to every target. Says "open", and what it sent at SIGTERM.
 */
import { createSocket } from 'node:dgram'
import { openAfPacket } from '../../src/source/af-packet.ts'
import { vxlan } from './mirror-sender.ts'

const VXLAN_PORT = 4789

/** Given as JSON in the first argument. */
export interface VxlanMirrorOptions {
  interfaces: { name: string; vni: number }[]
  /** IPv4 addresses. */
  targets: string[]
}

/** Printed at the end: frames sent to each target, by network identifier. */
export type VxlanMirrorReport = Record<string, number>

const { interfaces, targets } = JSON.parse(process.argv[2] as string) as VxlanMirrorOptions
const socket = createSocket('udp4')
const sent: VxlanMirrorReport = {}
const sources = await Promise.all(
  interfaces.map(async ({ name, vni }) => ({ vni, source: await openAfPacket({ interface: name }) })),
)
process.once('SIGTERM', () => {
  for (const { source } of sources) void source.close()
})
console.log('open')
await Promise.all(
  sources.map(async ({ vni, source }) => {
    sent[vni] = 0
    for await (const { bytes, at, captured, count } of source.batches()) {
      for (let i = 0; i < count; i++) {
        const start = at[i] as number
        const datagram = vxlan(vni, bytes.subarray(start, start + (captured[i] as number)))
        for (const target of targets) await send(datagram, target)
        sent[vni] += 1
      }
    }
  }),
)
socket.close()
console.log(JSON.stringify(sent))

function send(datagram: Buffer, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, VXLAN_PORT, target, (error) => (error === null ? resolve() : reject(error)))
  })
}
