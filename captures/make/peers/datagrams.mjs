// One end of a conversation written down in a specification. Options (JSON): host, port, to, datagrams (hex), pauseMs,
// group (multicast). A client (with `to`: [host, port]) sends them in turn; a server answers each that comes with the next.
import { createSocket } from 'node:dgram'

const { host, port, to, datagrams, pauseMs = 40, group } = JSON.parse(process.argv[2])
const socket = createSocket({ type: 'udp4', reuseAddr: true })
const messages = datagrams.map((hex) => Buffer.from(hex, 'hex'))

if (!to) {
  socket.on('message', (_, { port: theirs, address }) => {
    const next = messages.shift()
    if (next) socket.send(next, theirs, address)
  })
}
socket.bind(port, group ?? host, async () => {
  if (group) socket.addMembership(group, host)
  if (to) socket.setMulticastInterface(host)
  console.log('ready')
  if (!to) return
  for (const message of messages) {
    socket.send(message, to[1], to[0])
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  socket.close()
})
