// A TLS client of Node's: sends one request, reads to the end. `split` cuts its first flight (the ClientHello):
// { recordBytes } into several TLS records, { segmentBytes } into several TCP segments.
import { connect as connectTcp } from 'node:net'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'

const { host, port, split, ...options } = JSON.parse(process.argv[2])
const socket = connectTcp({ host, port, noDelay: true })
const tls = connect({ rejectUnauthorized: false, ...options, socket: split ? splitting(socket, split) : socket })
tls.on('secureConnect', () => tls.write(`GET / HTTP/1.1\r\nhost: ${options.servername}\r\n\r\n`))
tls.on('data', () => {})
tls.on('end', () => tls.end())
tls.on('close', () => process.exit(0))
tls.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})

function splitting(socket, { recordBytes, segmentBytes }) {
  let first = true
  const duplex = new Duplex({
    read: () => socket.resume(),
    write: async (chunk, _encoding, done) => {
      const bytes = first && recordBytes ? inRecords(chunk, recordBytes) : chunk
      if (first && segmentBytes) await inSegments(socket, bytes, segmentBytes)
      else socket.write(bytes)
      first = false
      done()
    },
    final: (done) => {
      socket.end()
      done()
    },
  })
  socket.on('data', (chunk) => duplex.push(chunk))
  socket.on('end', () => duplex.push(null))
  return duplex
}

function inRecords(record, size) {
  const body = record.subarray(5)
  const parts = []
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size)
    parts.push(record.subarray(0, 3), Buffer.from([part.length >> 8, part.length & 255]), part)
  }
  return Buffer.concat(parts)
}

async function inSegments(socket, bytes, size) {
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size))
    await sleep(4)
  }
}
