// A WebSocket client: Node 24's own. Options (JSON): url.
const { url } = JSON.parse(process.argv[2])
const socket = new WebSocket(url)
socket.addEventListener('message', () => {
  socket.send('thank you')
  socket.close()
})
socket.addEventListener('close', () => process.exit(0))
socket.addEventListener('error', () => process.exit(1))
