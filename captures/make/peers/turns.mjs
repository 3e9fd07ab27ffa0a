// One end of a conversation that is written down: what each end says in turn, and then perhaps TLS. Options (JSON): as
// ("client" or "server"), host, port, turns: [[from, text or { hex }]], tls: { key, cert } or true, inside: text.
// A turn of the other end's that says nothing waits for whatever comes.
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket, connect as tlsConnect } from 'node:tls'

const { as, host, port, turns, tls, inside = 'inside' } = JSON.parse(process.argv[2])
const bytesOf = (said) => (typeof said === 'string' ? Buffer.from(said, 'latin1') : Buffer.from(said.hex, 'hex'))

async function converse(socket) {
  let heard = 0
  let ended = false
  const count = (chunk) => {
    heard += chunk.length
  }
  socket.on('data', count)
  socket.on('error', () => {})
  socket.on('end', () => {
    ended = true
  })
  for (const [from, said] of turns) {
    if (from === as) {
      if (said) socket.write(bytesOf(said))
      await sleep(20)
      continue
    }
    const due = said ? bytesOf(said).length : 1
    for (let waited = 0; heard < due && !ended && waited < 3000; waited += 5) await sleep(5)
    heard = said ? heard - due : 0
  }
  socket.off('data', count)
  if (tls) protect(socket)
  else socket.end()
}

function protect(socket) {
  if (as === 'server') {
    const secure = new TLSSocket(socket, { isServer: true, key: readFileSync(tls.key), cert: readFileSync(tls.cert) })
    secure.on('error', () => {})
    secure.on('data', () => secure.end(inside))
    return
  }
  const secure = tlsConnect({ socket, rejectUnauthorized: false, servername: 'web.example.test' }, () =>
    secure.write(inside),
  )
  secure.on('error', () => {})
  secure.on('data', () => {})
  secure.on('end', () => secure.end())
}

if (as === 'server') createServer({ noDelay: true }, converse).listen(port, host, () => console.log('ready'))
else {
  const socket = connect({ host, port, noDelay: true }, () => converse(socket))
  socket.on('error', (error) => console.error(error.code))
}
