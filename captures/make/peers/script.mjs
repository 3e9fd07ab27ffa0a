// Plays one side of a conversation written down byte by byte, over TCP or UDP: for protocols without a peer in Debian.
// Options (JSON): role ("client", "server"), transport ("tcp", "udp"), host, port, turns [[from, hex]...].
// Each side says what is its own as soon as it has heard as many bytes as the other side's turn before has.
// With tls ({ key, cert }) both go on in TLS when the turns are over, and say one line each.
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'

const { role, transport, host, port, turns, tls } = JSON.parse(process.argv[2])
const mine = (from) => from === role

function play(say, end) {
  let next = 0
  let heard = 0
  const go = () => {
    for (; next < turns.length; next++) {
      const [from, hex] = turns[next]
      if (mine(from)) say(Buffer.from(hex, 'hex'))
      else if (heard < hex.length / 2) return
      else heard -= hex.length / 2
    }
    end()
  }
  setImmediate(go)
  return (bytes) => {
    heard += bytes.length
    // What a peer says at once goes into a segment of its own.
    setTimeout(go, 20)
  }
}

if (transport === 'udp') {
  const socket = createSocket('udp4')
  const close = () => setTimeout(() => socket.close(), 200)
  if (role === 'server') {
    let hear = null
    socket.on('message', (bytes, from) => {
      hear ??= play((reply) => socket.send(reply, from.port, from.address), close)
      hear(bytes)
    })
    socket.bind(port, host, () => console.log('ready'))
  } else {
    socket.connect(port, host, () => {
      const hear = play((bytes) => socket.send(bytes), close)
      socket.on('message', hear)
    })
  }
} else {
  const startTls = (socket) => {
    socket.removeAllListeners('data')
    if (role === 'server') {
      const secureContext = createSecureContext({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) })
      const inner = new TLSSocket(socket, { isServer: true, secureContext })
      inner.on('error', () => {})
      inner.on('data', () => inner.end('hello\n'))
    } else {
      const inner = connectTls({ socket, rejectUnauthorized: false, servername: 'web.example.test' })
      inner.on('error', () => {})
      inner.on('data', () => inner.end())
      inner.write('hello\n')
    }
  }
  const converse = (socket) => {
    socket.setNoDelay()
    socket.on('error', () => {})
    const hear = play(
      (bytes) => socket.write(bytes),
      () =>
        tls ? setTimeout(startTls, role === 'client' ? 80 : 0, socket) : role === 'client' ? socket.end() : undefined,
    )
    socket.on('data', hear)
    socket.on('close', () => process.exit(0))
  }
  if (role === 'server') createServer(converse).listen(port, host, () => console.log('ready'))
  else converse(connect({ host, port }))
}
