// One end of a conversation written down beforehand: byte by byte what a specification says, for protocols whose peers
// Debian does not have. Options (JSON): role ("client" or "server"), host, port, turns ([["client", hex], ["server", hex], …]).
import { connect, createServer } from 'node:net'

const { role, host, port, turns } = JSON.parse(process.argv[2])

function play(socket) {
  let next = 0
  let heard = 0
  const go = () => {
    while (next < turns.length) {
      const [from, hex] = turns[next]
      const bytes = Buffer.from(hex, 'hex')
      if (from === role) socket.write(bytes)
      else if (heard >= bytes.length) heard -= bytes.length
      else return
      next++
    }
    if (role === 'client') socket.end()
  }
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    heard += bytes.length
    go()
  })
  socket.on('end', () => socket.end())
  go()
}

if (role === 'server') createServer(play).listen(port, host, () => console.log('ready'))
else {
  const socket = connect({ host, port }, () => play(socket))
}
