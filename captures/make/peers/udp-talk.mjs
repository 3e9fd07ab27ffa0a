// One datagram and one answer, both written out. Options (JSON): host, port, and `answer` (hex) to serve, or `ask` (hex).
import { createSocket } from 'node:dgram'

const { host, port, answer, ask } = JSON.parse(process.argv[2])
const socket = createSocket('udp4')
if (answer !== undefined) {
  socket.on('message', (_, { address, port }) => socket.send(Buffer.from(answer, 'hex'), port, address))
  socket.bind(port, host, () => console.log('ready'))
} else {
  socket.on('message', () => socket.close())
  socket.send(Buffer.from(ask, 'hex'), port, host)
  setTimeout(() => process.exit(0), 1000).unref()
}
