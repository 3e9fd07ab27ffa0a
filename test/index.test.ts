import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeFrame } from '../src/decode/decode.ts'
import { DECODED, PacketMeta } from '../src/decode/packet-meta.ts'
import * as library from '../src/index.ts'
import { openSource } from '../src/source/index.ts'
import { importsOf } from './imports.ts'

const CAPTURE = new URL('../captures/tls13-openssl-x25519.pcap', import.meta.url).pathname

/** Payload of the first TCP segment that opens with a TLS record. */
async function firstRecord(): Promise<Uint8Array> {
  const m = new PacketMeta()
  const source = await openSource(CAPTURE)
  for await (const { bytes, at, captured, wire, link, count } of source.batches()) {
    for (let i = 0; i < count; i++) {
      const start = at[i] as number
      const end = start + (captured[i] as number)
      if (decodeFrame(bytes, start, end, wire[i] as number, link[i] as number, m) !== DECODED) continue
      if (m.end > m.at && library.isTlsRecord(bytes, m.at)) return bytes.slice(m.at, m.end)
    }
  }
  throw new Error('the capture has no TLS')
}

describe('the library', () => {
  it('parses a ClientHello and fingerprints it as tshark does', async () => {
    const record = await firstRecord()
    const body = library.RECORD_HEADER_BYTES + library.HANDSHAKE_HEADER_BYTES
    const end = body + library.handshakeLength(record, library.RECORD_HEADER_BYTES)
    const parsed = library.parseClientHello(record, body, end)
    if (parsed.kind !== 'message') throw new Error(parsed.kind)
    const hello = parsed.value
    expect(hello.serverName).toBe('web.example.test')
    expect(hello.cipherSuites.map(library.cipherSuiteName).slice(0, 3)).toEqual([
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'TLS_AES_128_GCM_SHA256',
    ])
    // tshark -r captures/tls13-openssl-x25519.pcap -T fields -e tls.handshake.ja3
    expect(library.ja3(hello)).toBe('f146948b4a599d4d7ddf071b74696983')
    expect(library.ja4(hello)).toMatch(/^t13d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/)
  })

  it('imports no package', () => {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const name of importsOf(new URL(`../src/${file}`, import.meta.url))) {
        if (name.startsWith('node:')) continue
        expect(`${file}: ${name}`).toMatch(/: \.\.?\//)
        visit(new URL(name, `file:///${file}`).pathname.slice(1))
      }
    }
    visit('index.ts')
    expect(seen.size).toBeGreaterThan(20)
  })

  it('exports what docs/library.md describes, and nothing else', () => {
    const text = readFileSync(new URL('../docs/library.md', import.meta.url), 'utf8')
    const described = [...text.matchAll(/^\| `(\w+)[`(]/gm)].map(([, name]) => name)
    expect(described.sort()).toEqual(Object.keys(library).sort())
  })
})
