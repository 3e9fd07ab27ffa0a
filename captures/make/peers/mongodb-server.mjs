// Enough of MongoDB (wire protocol, BSON 1.1) for pymongo to authenticate by PLAIN and run one command.
// Options (JSON): host, port, password, and key and cert to speak TLS from the first byte.
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

const { host, port, password, key, cert } = JSON.parse(process.argv[2])
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const GREETING = {
  ismaster: true,
  maxBsonObjectSize: 16777216,
  maxMessageSizeBytes: 48000000,
  maxWriteBatchSize: 100000,
  minWireVersion: 0,
  maxWireVersion: 9,
  readOnly: false,
  ok: 1.5,
}

const serve = (socket) => {
  let pending = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    pending = Buffer.concat([pending, bytes])
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0)
      answer(socket, pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  })
}
const server = key
  ? createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, serve)
  : createTcpServer(serve)
server.listen(port, host, () => console.log('ready'))

function answer(socket, message) {
  const opcode = message.readInt32LE(12)
  const text = message.toString('latin1')
  let document = { ok: 1.5 }
  if (/ismaster/i.test(text)) document = GREETING
  else if (text.includes('saslStart')) {
    document = text.includes(`\0${password}`)
      ? { conversationId: 1, done: true, payload: Buffer.alloc(0), ok: 1.5 }
      : { ok: 0.5, errmsg: 'Authentication failed.', code: 18, codeName: 'AuthenticationFailed' }
  }
  const body = bson(document)
  const head = opcode === OP_QUERY ? Buffer.alloc(20) : Buffer.alloc(5)
  if (opcode === OP_QUERY) {
    head.writeInt32LE(8, 0)
    head.writeInt32LE(1, 16)
  }
  const header = Buffer.alloc(16)
  header.writeInt32LE(16 + head.length + body.length, 0)
  header.writeInt32LE(1000, 4)
  header.writeInt32LE(message.readInt32LE(4), 8)
  header.writeInt32LE(opcode === OP_QUERY ? OP_REPLY : OP_MSG, 12)
  socket.write(Buffer.concat([header, head, body]))
}

/** Halves are doubles (1.5 = 1.0, 0.5 = 0.0), whole numbers are int32. */
function bson(document) {
  const parts = Object.entries(document).map(([name, value]) => {
    const key = Buffer.from(`${name}\0`)
    if (typeof value === 'boolean') return Buffer.concat([Buffer.of(8), key, Buffer.of(value ? 1 : 0)])
    if (typeof value === 'string') {
      return Buffer.concat([Buffer.of(2), key, int32(value.length + 1), Buffer.from(`${value}\0`)])
    }
    if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.of(5), key, int32(value.length), Buffer.of(0), value])
    if (Number.isInteger(value)) return Buffer.concat([Buffer.of(16), key, int32(value)])
    const double = Buffer.alloc(8)
    double.writeDoubleLE(value - 0.5)
    return Buffer.concat([Buffer.of(1), key, double])
  })
  const body = Buffer.concat([...parts, Buffer.of(0)])
  return Buffer.concat([int32(body.length + 4), body])
}

function int32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
