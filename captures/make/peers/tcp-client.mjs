// Plain TCP clients. Options (JSON): host, port, and one of { lines, pauseMs }, { latin1, pauseMs }, { hex }, { hold: ms }, { reset: hex }.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const { host, port, lines = [], latin1 = [], pauseMs = 60, hex, hold, reset } = JSON.parse(process.argv[2])
const socket = connect({ host, port, noDelay: true })
socket.on('error', (error) => {
  console.error(error.code)
  process.exit(0)
})
socket.on('data', () => {})
socket.on('end', () => socket.end())
socket.on('close', () => process.exit(0))
socket.on('connect', async () => {
  if (hex) socket.write(Buffer.from(hex, 'hex'))
  if (reset) {
    socket.write(Buffer.from(reset, 'hex'))
    await sleep(pauseMs)
    socket.resetAndDestroy()
    return
  }
  for (const line of lines) {
    socket.write(line)
    await sleep(pauseMs)
  }
  for (const text of latin1) {
    socket.write(text, 'latin1')
    await sleep(pauseMs)
  }
  if (hold !== undefined) {
    await sleep(hold)
    socket.end()
  }
})
