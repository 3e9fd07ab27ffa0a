// Enough of [MS-TDS] for tsql to log in and run one batch. Options (JSON): host, port, key, cert, encryption (the value
// of the server's ENCRYPTION option: 0 only the login, 1 all, 2 not supported), refuse (the login fails).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

const { host, port, key, cert, encryption, refuse = false } = JSON.parse(process.argv[2])
const PRELOGIN = 0x12
const RESPONSE = 0x04
const LOGIN7 = 0x10

createServer((socket) => {
  let pending = Buffer.alloc(0)
  let inner = null
  let wrapped = null
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    pending = Buffer.concat([pending, bytes])
    for (;;) {
      // TLS records without a packet around them: everything behind the handshake.
      if (inner !== null && pending.length > 0 && pending[0] >= 0x14 && pending[0] <= 0x17) {
        if (pending.length < 5 || pending.length < 5 + pending.readUInt16BE(3)) return
        const length = 5 + pending.readUInt16BE(3)
        wrapped.push(pending.subarray(0, length))
        pending = pending.subarray(length)
        continue
      }
      if (pending.length < 8 || pending.length < pending.readUInt16BE(2)) return
      const length = pending.readUInt16BE(2)
      const type = pending[0]
      const body = pending.subarray(8, length)
      pending = pending.subarray(length)
      if (type !== PRELOGIN) answer(socket, type)
      else if (inner !== null) wrapped.push(body)
      else if (body[0] === 0) {
        socket.write(packet(prelogin()))
      } else {
        ;[inner, wrapped] = openTls(socket)
        wrapped.push(body)
        let read = Buffer.alloc(0)
        inner.on('data', (clear) => {
          read = Buffer.concat([read, clear])
          while (read.length >= 8 && read.length >= read.readUInt16BE(2)) {
            const kind = read[0]
            read = read.subarray(read.readUInt16BE(2))
            answer(encryption === 0 ? socket : inner, kind)
          }
        })
      }
    }
  })
}).listen(port, host, () => console.log('ready'))

/** TLS over packets of type 0x12 until the handshake is done, over the connection itself afterwards. */
function openTls(socket) {
  let secured = false
  const wrapped = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      socket.write(secured ? chunk : packet(chunk, PRELOGIN), done)
    },
  })
  const inner = new TLSSocket(wrapped, {
    isServer: true,
    key: readFileSync(key),
    cert: readFileSync(cert),
    maxVersion: 'TLSv1.2',
  })
  inner.on('error', () => {})
  // The server's Finished is still carried in a packet.
  inner.on('secure', () => setImmediate(() => (secured = true)))
  return [inner, wrapped]
}

function answer(to, type) {
  if (type === LOGIN7)
    to.write(packet(refuse ? Buffer.concat([loginError(), done(2)]) : Buffer.concat([loginAck(), done(0)])))
  else to.write(packet(done(0)))
}

function packet(body, type = RESPONSE) {
  const head = Buffer.from([type, 1, 0, 0, 0, 0, 1, 0])
  head.writeUInt16BE(8 + body.length, 2)
  return Buffer.concat([head, body])
}

/** VERSION and ENCRYPTION. */
function prelogin() {
  return Buffer.from(['00000b0006', '0100110001', 'ff', '0f0010e00000', `0${encryption}`].join(''), 'hex')
}

function token(code, body) {
  const head = Buffer.from([code, 0, 0])
  head.writeUInt16LE(body.length, 1)
  return Buffer.concat([head, body])
}

const counted = (text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'utf16le')])
const loginAck = () =>
  token(
    0xad,
    Buffer.concat([Buffer.from('0174000004', 'hex'), counted('Microsoft SQL Server'), Buffer.from('0f0010e0', 'hex')]),
  )

function loginError() {
  const message = "Login failed for user 'alice'."
  const length = Buffer.alloc(2)
  length.writeUInt16LE(message.length)
  const number = Buffer.from('18480000010e', 'hex')
  return token(
    0xaa,
    Buffer.concat([
      number,
      length,
      Buffer.from(message, 'utf16le'),
      counted('db'),
      Buffer.of(0),
      Buffer.from('01000000', 'hex'),
    ]),
  )
}

function done(status) {
  const bytes = Buffer.alloc(13)
  bytes[0] = 0xfd
  bytes[1] = status
  return bytes
}
