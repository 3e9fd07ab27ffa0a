// An HTTP proxy that only knows CONNECT. Options (JSON): host, port, refuse (status line instead of a tunnel).
import { createServer } from 'node:http'
import { connect } from 'node:net'

const { host, port, refuse } = JSON.parse(process.argv[2])
const server = createServer((_request, response) => response.writeHead(405).end())
server.on('connect', (request, socket) => {
  socket.on('error', () => {})
  if (refuse) {
    socket.end(`HTTP/1.1 ${refuse}\r\nproxy-authenticate: Basic realm="proxy"\r\ncontent-length: 0\r\n\r\n`)
    return
  }
  const [, targetPort] = request.url.split(':')
  const target = connect({ host: '127.0.0.1', port: Number(targetPort) }, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.pipe(target).pipe(socket)
  })
  target.on('error', () => socket.destroy())
})
server.listen(port, host, () => console.log('ready'))
