// A VNC client up to its ServerInit (RFC 6143 §7; VeNCrypt as of github.com/rfbproto): security type and, for VeNCrypt, subtype
// by choice. Options (JSON): host, port, type, subtype.
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

const VENCRYPT = 19
const TLS_NONE = 257
const { host, port, type, subtype } = JSON.parse(process.argv[2])
let socket = connect({ host, port, noDelay: true })
let held = Buffer.alloc(0)
let wake = () => {}

const listen = () => {
  socket.on('error', () => process.exit(0))
  socket.on('data', (bytes) => {
    held = Buffer.concat([held, bytes])
    wake()
  })
  socket.on('close', () => process.exit(0))
}

async function take(count) {
  while (held.length < count) {
    await new Promise((resolve) => {
      wake = resolve
    })
  }
  const bytes = held.subarray(0, count)
  held = held.subarray(count)
  return bytes
}

listen()
await take(12)
socket.write('RFB 003.008\n')
await take((await take(1))[0])
socket.write(Buffer.of(type))
if (type === VENCRYPT) {
  await take(2)
  socket.write(Buffer.of(0, 2))
  await take(1)
  await take(4 * (await take(1))[0])
  socket.write(Buffer.of(0, 0, subtype >> 8, subtype & 255))
  await take(1)
  socket.removeAllListeners()
  // Without certificates there is no TLS 1.3.
  const anonymous = { ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' }
  socket = connectTls({ socket, rejectUnauthorized: false, ...(subtype === TLS_NONE && anonymous) })
  listen()
}
await take(4)
socket.write(Buffer.of(1))
await take(24)
socket.end()
