// A Kafka broker that answers ApiVersions, SaslHandshake and SaslAuthenticate (kafka.apache.org/protocol), and closes at
// anything else. SCRAM is always refused. Options (JSON): host, port, password.
import { createServer } from 'node:net'

const { host, port, password } = JSON.parse(process.argv[2])
/** Keys with the lowest and highest version that is answered. */
const VERSIONS = [
  [3, 0, 1],
  [17, 0, 1],
  [18, 0, 3],
  [36, 0, 1],
]
const AUTHENTICATION_FAILED = 58

const u16 = (value) => Buffer.from([value >> 8, value & 255])
const u32 = (value) => Buffer.from([0, 0, value >> 8, value & 255])
const string = (words) => Buffer.concat([u16(words.length), Buffer.from(words)])

const ANSWERS = {
  18: ({ version }) => {
    const isCompact = version >= 3
    const entry = (numbers) => Buffer.concat([...numbers.map(u16), isCompact ? Buffer.from([0]) : Buffer.alloc(0)])
    const count = isCompact ? Buffer.from([VERSIONS.length + 1]) : u32(VERSIONS.length)
    const throttle = version >= 1 ? u32(0) : Buffer.alloc(0)
    return [u16(0), count, ...VERSIONS.map(entry), throttle, Buffer.alloc(isCompact ? 1 : 0)]
  },
  17: () => [u16(0), u32(2), string('PLAIN'), string('SCRAM-SHA-256')],
  36: ({ body, version }) => {
    const isRight = body.subarray(4).toString().endsWith(`\0${password}`)
    const lifetime = Buffer.alloc(version >= 1 ? 8 : 0)
    const message = isRight ? u16(0xffff) : string('Authentication failed')
    return [u16(isRight ? 0 : AUTHENTICATION_FAILED), message, u32(0), lifetime]
  },
}

createServer({ noDelay: true }, (socket) => {
  let unread = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    unread = Buffer.concat([unread, chunk])
    while (unread.length >= 4 && unread.length >= 4 + unread.readInt32BE(0)) {
      const end = 4 + unread.readInt32BE(0)
      answer(socket, unread.subarray(0, end))
      unread = unread.subarray(end)
    }
  })
}).listen(port, host, () => console.log('ready'))

function answer(socket, request) {
  const key = request.readInt16BE(4)
  const correlation = request.subarray(8, 12)
  const body = request.subarray(14 + Math.max(request.readInt16BE(12), 0))
  const parts = ANSWERS[key]?.({ version: request.readInt16BE(6), body })
  if (parts === undefined) {
    socket.end()
    return
  }
  const said = Buffer.concat([correlation, ...parts])
  socket.write(Buffer.concat([u32(said.length), said]))
}
