import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { mozillaRoots } from '../../src/registry/mozilla-roots.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { Roots } from '../../src/trust/roots.ts'
import { issue } from '../pki/issue.ts'

const { ders, asOf, nss } = mozillaRoots()
const own = issue(Date.parse('2026-11-20'), { name: 'Own Root', by: null, authority: true })

describe("Mozilla's roots", () => {
  it('are certificates of authorities that signed themselves, each once', () => {
    expect(ders.length).toBeGreaterThan(100)
    expect(new Set(ders.map((der) => Buffer.from(der).toString('base64'))).size).toBe(ders.length)
    for (const der of ders) {
      const root = new X509Certificate(der)
      expect(root.ca).toBe(true)
      expect(root.verify(root.publicKey)).toBe(true)
      expect(candidateOf(der).facts.malformed).toBeNull()
    }
  })

  it('say of when they are', () => {
    expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/)
    expect(nss).toMatch(/^3\.\d+/)
  })
})

describe('a set of roots', () => {
  it("knows Mozilla's from the organisation's own", () => {
    const roots = new Roots([own.der])
    expect(roots.kindOf(candidateOf(ders[0] as Uint8Array))).toBe('public')
    expect(roots.kindOf(candidateOf(own.der))).toBe('private')
    expect(new Roots().kindOf(candidateOf(own.der))).toBe('none')
    expect(new Roots([ders[0] as Uint8Array]).kindOf(candidateOf(ders[0] as Uint8Array))).toBe('public')
  })

  it('is told from another by what is in it', () => {
    const second = issue(Date.parse('2026-11-20'), { name: 'Second Root', by: null, authority: true })
    expect(new Roots([own.der]).id).not.toBe(new Roots().id)
    expect(new Roots([own.der, second.der]).id).toBe(new Roots([second.der, own.der]).id)
  })
})
