// A TLS server of Node's: answers the first bytes of each connection with a short page and closes.
// Options (JSON): host, port, key, cert, ca (paths), reply, and whatever else tls.createServer takes.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'

const { host, port, key, cert, ca, reply = 'hello\n', ...options } = JSON.parse(process.argv[2])
const page = `HTTP/1.1 200 OK\r\ncontent-length: ${reply.length}\r\nconnection: close\r\n\r\n${reply}`
const server = createServer(
  {
    ...options,
    key: readFileSync(key),
    cert: readFileSync(cert),
    ...(ca && { ca: readFileSync(ca) }),
  },
  (socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(page))
  },
)
server.on('tlsClientError', () => {})
server.listen(port, host, () => console.log('ready'))
