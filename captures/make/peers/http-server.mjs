// An HTTP server of Node's for what nginx does not do by configuration: chunks as they come, upgrades, uploads.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const { host, port } = JSON.parse(process.argv[2])
const server = createServer(async (request, response) => {
  for await (const _ of request);
  if (request.url !== '/chunked') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}\n')
    return
  }
  response.writeHead(200, { 'content-type': 'text/plain', trailer: 'x-lines' })
  for (let i = 1; i <= 4; i++) {
    response.write(`line ${i} of a body that is sent in chunks\n`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
  response.addTrailers({ 'x-lines': '4' })
  response.end()
})
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
      `sec-websocket-accept: ${accept}\r\n\r\n`,
  )
  socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]))
  socket.once('data', () => socket.end(Buffer.from([0x88, 0])))
})
server.listen(port, host, () => console.log('ready'))
