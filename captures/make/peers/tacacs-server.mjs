// Enough of TACACS+ (RFC 8907) to say yes to a login. Options (JSON): host, port, key (null = bodies are not hidden).
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'

const { host, port, key } = JSON.parse(process.argv[2])
const AUTHENTICATION_PASSED = Buffer.from([1, 0, 0, 0, 0, 0])

/** RFC 8907 §4.5. */
function hide(header, body) {
  const start = Buffer.concat([header.subarray(4, 8), Buffer.from(key), header.subarray(0, 1), header.subarray(2, 3)])
  let pad = createHash('md5').update(start).digest()
  for (let last = pad; pad.length < body.length; pad = Buffer.concat([pad, last])) {
    last = createHash('md5').update(start).update(last).digest()
  }
  return body.map((byte, i) => byte ^ pad[i])
}

createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (request) => {
    const header = Buffer.from(request.subarray(0, 12))
    header[2] += 1
    header.writeUInt32BE(AUTHENTICATION_PASSED.length, 8)
    socket.end(Buffer.concat([header, key === null ? AUTHENTICATION_PASSED : hide(header, AUTHENTICATION_PASSED)]))
  })
}).listen(port, host, () => console.log('ready'))
