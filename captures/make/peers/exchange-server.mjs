// A TCP server that answers each message that comes with the next of a list. Options (JSON): host, port, answers (latin1).
import { createServer } from 'node:net'

const { host, port, answers } = JSON.parse(process.argv[2])
createServer((socket) => {
  const rest = answers.slice()
  socket.on('error', () => {})
  socket.on('data', () => {
    const next = rest.shift()
    if (next !== undefined) socket.write(Buffer.from(next, 'latin1'))
    if (rest.length === 0) socket.end()
  })
}).listen(port, host, () => console.log('ready'))
