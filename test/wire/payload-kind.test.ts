import { createCipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { payloadKind } from '../../src/wire/payload-kind.ts'

const kindOf = (bytes: Uint8Array): string | null => payloadKind(bytes, 0, bytes.length)
const readme = readFileSync(new URL('../../README.md', import.meta.url))

describe('payloadKind', () => {
  it('knows text', () => {
    expect(kindOf(Buffer.from('HELLO this is a protocol\r\n'))).toBe('text')
    expect(kindOf(readme)).toBe('text')
  })

  it('takes encrypted data for random, nearly always', () => {
    let random = 0
    for (let n = 0; n < 1000; n++) {
      const key = createHash('sha256').update(`key ${n}`).digest()
      const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
      if (kindOf(cipher.update(Buffer.alloc(600))) === 'random') random++
    }
    expect(random).toBeGreaterThan(990)
  })

  it('cannot tell compressed data from encrypted', () => {
    // Of what was compressed, the first bytes tell how, and are less even.
    const program = deflateRawSync(readFileSync(process.execPath).subarray(0, 400_000))
    const kinds = Array.from({ length: 20 }, (_, n) => kindOf(program.subarray(5000 + n * 1024)))
    expect(kinds.filter((kind) => kind === 'random').length).toBeGreaterThan(10)
  })

  it('takes records of numbers for binary', () => {
    const records = new Int32Array(200).map((_, i) => i * 3)
    expect(kindOf(new Uint8Array(records.buffer))).toBe('binary')
    expect(kindOf(readFileSync(process.execPath).subarray(0, 1024))).toBe('binary')
  })

  it('says nothing of a few bytes', () => {
    expect(kindOf(Buffer.from('short'))).toBeNull()
    expect(kindOf(Uint8Array.from({ length: 100 }, (_, i) => i * 37))).toBeNull()
  })
})
