// The Ethernet switch of wiring "switch": takes frames from the two hosts' VXLAN devices, hands them on, and on the
// way drops, delays, doubles or mirrors them. Only TCP frames with payload are counted and touched.
// Options (JSON): faults: [{ from: "client"|"server", nth, do: "drop"|"delay"|"double", ms }],
//   mirror: { kind: "vlan"|"qinq"|"geneve", tags } sends a copy of every frame to the monitor's address.
import { createSocket } from 'node:dgram'

const { faults = [], mirror } = JSON.parse(process.argv[2])
const VXLAN_PORT = 4789
const VXLAN_HEADER = 8
const GENEVE_PORT = 6081
const HOSTS = {
  '10.10.1.2': { name: 'client', to: '10.10.2.2' },
  '10.10.2.2': { name: 'server', to: '10.10.1.2' },
}
const MONITOR = '10.10.3.2'
const seen = { client: 0, server: 0 }

const socket = createSocket('udp4')
socket.on('message', (packet, { address }) => {
  const host = HOSTS[address]
  if (host === undefined) return
  if (mirror) MIRRORS[mirror.kind](packet.subarray(VXLAN_HEADER), mirror.tags)
  const frame = packet.subarray(VXLAN_HEADER)
  const fault = hasTcpPayload(frame) && faults.find((f) => f.from === host.name && f.nth === seen[host.name] + 1)
  if (hasTcpPayload(frame)) seen[host.name]++
  const send = () => socket.send(packet, VXLAN_PORT, host.to)
  if (!fault) send()
  else FAULTS[fault.do](send, fault.ms)
})
socket.bind(VXLAN_PORT, () => console.log('ready'))

const FAULTS = {
  drop: () => {},
  delay: (send, ms) => setTimeout(send, ms),
  double: (send) => {
    send()
    send()
  },
}

const MIRRORS = {
  vlan: (frame, [tag]) => toMonitor(tagged(frame, 0x8100, tag)),
  qinq: (frame, [outer, inner]) => toMonitor(tagged(tagged(frame, 0x8100, inner), 0x88a8, outer)),
  geneve: (frame, [vni]) => socket.send(geneve(frame, vni), GENEVE_PORT, MONITOR),
}

/** RFC 7348 §5: flags with the I bit, the VNI of the monitor's own device. */
const toMonitor = (frame) =>
  socket.send(Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 11, 0]), frame]), VXLAN_PORT, MONITOR)

const tagged = (frame, type, vlan) =>
  Buffer.concat([
    frame.subarray(0, 12),
    Buffer.from([type >> 8, type & 255, vlan >> 8, vlan & 255]),
    frame.subarray(12),
  ])

/** RFC 8926 §3.4: version 0, one option of eight bytes, protocol type Ethernet. */
function geneve(frame, vni) {
  const header = Buffer.from([2, 0, 0x65, 0x58, vni >> 16, (vni >> 8) & 255, vni & 255, 0])
  const option = Buffer.from([0x01, 0x08, 0x01, 0x01, 0, 0, 0, 1])
  return Buffer.concat([header, option, frame])
}

function hasTcpPayload(frame) {
  if (frame.readUInt16BE(12) !== 0x0800 || frame[23] !== 6) return false
  const ipHeader = (frame[14] & 15) * 4
  const tcpHeader = (frame[14 + ipHeader + 12] >> 4) * 4
  return frame.readUInt16BE(16) > ipHeader + tcpHeader
}
