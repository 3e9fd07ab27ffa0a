// Enough of SMTP (RFC 5321, RFC 3207, RFC 4954) for curl and openssl s_client to deliver a message.
// Options (JSON): host, port, key, cert, starttls ("offer", "refuse", "hide"; "blank" as a device on the path writes it
// over; "once": offered to the first client only).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'

const { host, port, key, cert, starttls } = JSON.parse(process.argv[2])
const context = createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) })

let clients = 0
createServer((socket) => {
  socket.on('error', () => {})
  clients += 1
  socket.write('220 mail.example.test ESMTP\r\n')
  converse(socket, false)
}).listen(port, host, () => console.log('ready'))

function offers() {
  if (starttls === 'blank') return '250-XXXXXXXA\r\n'
  const hides = starttls === 'hide' || (starttls === 'once' && clients > 1)
  return hides ? '' : '250-STARTTLS\r\n'
}

function converse(socket, secure) {
  let text = ''
  let inMessage = false
  let inLogin = false
  const onBytes = (bytes) => {
    text += bytes
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 2)
      if (inMessage) {
        if (line === '.') socket.write('250 2.0.0 queued\r\n')
        inMessage = line !== '.'
        continue
      }
      if (inLogin) {
        socket.write('235 2.7.0 accepted\r\n')
        inLogin = false
        continue
      }
      answer(line.toUpperCase())
    }
  }
  socket.on('data', onBytes)

  function answer(line) {
    if (line.startsWith('EHLO')) {
      const offer = secure ? '' : offers()
      socket.write(`250-mail.example.test\r\n${offer}250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n`)
    } else if (line === 'STARTTLS' && starttls === 'refuse') {
      socket.write('454 4.7.0 TLS not available due to temporary reason\r\n')
    } else if (line === 'STARTTLS') {
      socket.write('220 2.0.0 ready\r\n')
      socket.off('data', onBytes)
      const tls = new TLSSocket(socket, { isServer: true, secureContext: context })
      tls.on('error', () => {})
      converse(tls, true)
    } else if (line === 'AUTH PLAIN') {
      // RFC 4954 §4: without an initial response, an empty challenge asks for it.
      socket.write('334 \r\n')
      inLogin = true
    } else if (line.startsWith('AUTH')) {
      socket.write('235 2.7.0 accepted\r\n')
    } else if (line === 'DATA') {
      socket.write('354 go ahead\r\n')
      inMessage = true
    } else if (line === 'QUIT') {
      socket.end('221 2.0.0 bye\r\n')
    } else {
      socket.write('250 2.0.0 ok\r\n')
    }
  }
}
