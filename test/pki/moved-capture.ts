/** A capture whose connections are moved in time, each to a moment of its own: what was done in a minute took a year. */

/** pcap-savefile(5), as tcpdump writes it on this machine: little-endian, microseconds. */
const MAGIC = 0xa1b2c3d4
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const ETHERNET_BYTES = 14

/** `startsUs`: when a connection is to begin, by the server's address and the client's port. Others are left out. */
export function movedCapture(pcap: Buffer, serverPort: number, startsUs: ReadonlyMap<string, number>): Buffer {
  if (pcap.readUInt32LE(0) !== MAGIC) throw new Error('not a capture of microseconds')
  const shiftUs = new Map<string, number>()
  const moved: { us: number; record: Buffer }[] = []
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= pcap.length; ) {
    const end = at + RECORD_HEADER_BYTES + pcap.readUInt32LE(at + 8)
    const record = Buffer.from(pcap.subarray(at, end))
    at = end
    const connection = connectionOf(record.subarray(RECORD_HEADER_BYTES), serverPort)
    const startUs = startsUs.get(connection)
    if (startUs === undefined) continue
    const us = record.readUInt32LE(0) * 1e6 + record.readUInt32LE(4)
    const shift = shiftUs.get(connection) ?? startUs - us
    shiftUs.set(connection, shift)
    record.writeUInt32LE(Math.floor((us + shift) / 1e6), 0)
    record.writeUInt32LE((us + shift) % 1e6, 4)
    moved.push({ us: us + shift, record })
  }
  moved.sort((a, b) => a.us - b.us)
  return Buffer.concat([pcap.subarray(0, FILE_HEADER_BYTES), ...moved.map(({ record }) => record)])
}

/** IPv4 and TCP over Ethernet, as loopback looks. */
function connectionOf(frame: Buffer, serverPort: number): string {
  const tcp = ETHERNET_BYTES + (frame.readUInt8(ETHERNET_BYTES) & 0x0f) * 4
  const [source, destination] = [frame.readUInt16BE(tcp), frame.readUInt16BE(tcp + 2)]
  const isFromServer = source === serverPort
  const server = frame.subarray(ETHERNET_BYTES + (isFromServer ? 12 : 16)).subarray(0, 4)
  return `${server.join('.')} ${isFromServer ? destination : source}`
}
