// The first packet of a server of SSH version 1, for want of one that still is to be had (draft-ylonen-ssh-protocol-00): its
// identification, its two keys, and then noise where ciphertext would be. Options (JSON): host, port, keyBits: [server, host].
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:net'

const { host, port, keyBits } = JSON.parse(process.argv[2])
const SMSG_PUBLIC_KEY = 2
const CIPHERS = (1 << 3) | (1 << 6) // 3DES and Blowfish
const AUTHENTICATIONS = (1 << 2) | (1 << 3) // RSA and password

const u32 = (value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])

/** The CRC-32 of version 1 begins with 0 and is not inverted. */
function crc(bytes) {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return sum >>> 0
}

function packet(type, data) {
  const length = 1 + data.length + 4
  const sealed = Buffer.concat([Buffer.alloc(8 - (length % 8)), Buffer.from([type]), data])
  return Buffer.concat([u32(length), sealed, u32(crc(sealed))])
}

/** Bits, then as many bytes as hold them. */
function mpint(base64url) {
  const bytes = Buffer.from(base64url, 'base64url')
  const bits = bytes.length * 8 - Math.clz32(bytes[0]) + 24
  return Buffer.concat([Buffer.from([bits >>> 8, bits & 255]), bytes])
}

function publicKey(modulusLength) {
  const { n, e } = createPublicKey(
    generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' }),
  ).export({ format: 'jwk' })
  return Buffer.concat([u32(modulusLength), mpint(e), mpint(n)])
}

const keys = keyBits.map(publicKey)
createServer((socket) => {
  socket.on('error', () => {})
  socket.write('SSH-1.5-OpenSSH_3.9p1\n')
  let heard = 0
  socket.on('data', () => {
    heard += 1
    // Its identification, then its choice and the session's key.
    if (heard === 1) {
      socket.write(
        packet(SMSG_PUBLIC_KEY, Buffer.concat([randomBytes(8), ...keys, u32(2), u32(CIPHERS), u32(AUTHENTICATIONS)])),
      )
    } else socket.end(Buffer.concat([u32(5), randomBytes(8)]))
  })
}).listen(port, host, () => console.log('ready'))
