// Sends one datagram and waits for an answer. Options (JSON): host, port, hex.
import { createSocket } from 'node:dgram'

const { host, port, hex } = JSON.parse(process.argv[2])
const socket = createSocket('udp4')
socket.on('message', () => socket.close())
socket.send(Buffer.from(hex, 'hex'), port, host)
setTimeout(() => process.exit(0), 2000).unref()
