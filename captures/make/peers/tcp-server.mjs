// Plain TCP servers that speak no protocol anybody knows. Options (JSON): host, port, mode.
import { createServer } from 'node:net'

const { host, port, mode } = JSON.parse(process.argv[2])
const MODES = {
  silent: () => {},
  binary: (socket) => {
    socket.on('data', (request) => socket.end(binaryBytes(request.length * 2, 0x51)))
  },
}
createServer((socket) => {
  socket.on('error', () => {})
  MODES[mode](socket)
}).listen(port, host, () => console.log('ready'))

/** A length-prefixed frame of a protocol that does not exist; the same bytes in every run. */
function binaryBytes(length, seed) {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt32LE(length, 0)
  for (let i = 4, state = seed; i < length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff
    bytes[i] = state >> 16
  }
  return bytes
}
