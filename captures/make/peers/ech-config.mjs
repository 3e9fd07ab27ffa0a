// Prints an ECHConfigList (RFC 9849 §4) in Base64 for public.example.test, with a public key whose private half is thrown away:
// a client that uses it sends a real encrypted ClientHello that no server can open.
import { generateKeyPairSync } from 'node:crypto'

const PUBLIC_NAME = Buffer.from('public.example.test')
const DHKEM_X25519 = [0x00, 0x20]
const HKDF_SHA256_AES128GCM = [0x00, 0x01, 0x00, 0x01]
const CONFIG_ID = 7
const MAX_NAME_LENGTH = 64

const publicKey = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
const contents = Buffer.concat([
  Buffer.from([CONFIG_ID, ...DHKEM_X25519, 0, publicKey.length]),
  publicKey,
  Buffer.from([0, 4, ...HKDF_SHA256_AES128GCM, MAX_NAME_LENGTH, PUBLIC_NAME.length]),
  PUBLIC_NAME,
  Buffer.from([0, 0]),
])
const config = Buffer.concat([Buffer.from([0xfe, 0x0d, 0, contents.length]), contents])
console.log(Buffer.concat([Buffer.from([0, config.length]), config]).toString('base64'))
