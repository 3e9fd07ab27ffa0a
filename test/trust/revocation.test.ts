/** Stapled responses and revocation lists, as openssl makes them of one authority's index. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRevocationLists } from '../../src/cli/root-files.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { judgeChain } from '../../src/trust/judge-chain.ts'
import { Pool } from '../../src/trust/pool.ts'
import { ocspVerdict, RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { Signatures } from '../../src/trust/signatures.ts'
import { parseRevocationList } from '../../src/wire/crl.ts'
import { type OcspResponse, parseOcspResponse } from '../../src/wire/ocsp.ts'
import { type Holder, issue } from '../pki/issue.ts'
import { hasTool } from '../registry/tools.ts'

/** openssl stamps what it signs with the time of the machine. */
const nowMs = Date.now()
const nowUs = nowMs * 1000
const DAY_US = 86_400_000_000
const folder = mkdtempSync(join(tmpdir(), 'revocation-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const root = issue(nowMs, { name: 'Root', by: null, authority: true, until: 900 })
const ca = issue(nowMs, { name: 'Issuing', by: root, authority: true, until: 900 })
const other = issue(nowMs, { name: 'Issuing', by: root, authority: true, until: 900, keyOf: 'other' })
const good = issue(nowMs, { name: 'good', by: ca, hosts: ['good.example'] })
const revoked = issue(nowMs, { name: 'revoked', by: ca, hosts: ['revoked.example'] })
const ocspSigning = { id: '2.5.29.37', critical: false, value: '\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09' }
const responder = issue(nowMs, { name: 'Responder', by: ca, purposes: [], extra: [ocspSigning] })
const upstart = issue(nowMs, { name: 'Upstart', by: ca })
const foreign = issue(nowMs, { name: 'Foreign', by: other, purposes: [], extra: [ocspSigning] })

const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
const time = (ms: number): string => `${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`

const responseOf = (about: Holder, signer: Holder, ...more: string[]): OcspResponse => {
  const files = [
    '-index',
    'index.txt',
    '-CA',
    'Issuing.pem',
    '-rsigner',
    `${signer.name}.pem`,
    '-rkey',
    `${signer.name}.key`,
  ]
  openssl(
    'ocsp',
    ...files,
    '-issuer',
    'Issuing.pem',
    ...more,
    '-cert',
    `${about.name}.pem`,
    '-ndays',
    '7',
    '-respout',
    'r.der',
  )
  return parseOcspResponse(readFileSync(join(folder, 'r.der'))) as OcspResponse
}

beforeAll(() => {
  for (const { name, pem, keyPem } of [ca, good, revoked, responder, upstart, foreign]) {
    writeFileSync(join(folder, `${name}.pem`), pem)
    writeFileSync(join(folder, `${name}.key`), keyPem)
  }
  const row = (state: string, holder: Holder): string =>
    [
      state,
      time(nowMs + 80 * 86_400_000),
      state === 'R' ? time(nowMs - 3 * 86_400_000) : '',
      holder.certificate.serialNumber.toUpperCase(),
      'unknown',
      `/CN=${holder.name}`,
    ].join('\t')
  writeFileSync(join(folder, 'index.txt'), `${row('V', good)}\n${row('R', revoked)}\n`)
  writeFileSync(
    join(folder, 'crl.cnf'),
    '[ca]\ndefault_ca=this\n[this]\ndatabase=index.txt\ndefault_md=sha256\ncrlnumber=crlnumber\n',
  )
  writeFileSync(join(folder, 'crlnumber'), '01\n')
})

const verdict = (response: OcspResponse, about: Holder, { issuer = ca, timeUs = nowUs } = {}) =>
  ocspVerdict(response, candidateOf(about.der), candidateOf(issuer.der), timeUs, new Signatures())

describe.skipIf(!hasTool('openssl'))('a stapled response (needs openssl)', () => {
  it('of the issuer says what it says', () => {
    expect(verdict(responseOf(good, ca), good)).toBe('good')
    expect(verdict(responseOf(revoked, ca), revoked)).toBe('revoked')
    expect(verdict(responseOf(good, ca, '-sha256'), good)).toBe('good')
  })

  it('of a responder that the issuer certified for it counts, and no other', () => {
    expect(verdict(responseOf(good, responder), good)).toBe('good')
    expect(verdict(responseOf(revoked, responder), revoked)).toBe('revoked')
    expect(verdict(responseOf(good, upstart), good)).toBeNull()
    expect(verdict(responseOf(good, foreign), good)).toBeNull()
  })

  it('is about one certificate of one issuer', () => {
    const response = responseOf(good, ca)
    expect(verdict(response, revoked)).toBeNull()
    expect(verdict(response, good, { issuer: other })).toBeNull()
  })

  it('counts for its time; who is revoked stays so', () => {
    const response = responseOf(good, ca)
    expect(verdict(response, good, { timeUs: nowUs + 8 * DAY_US })).toBeNull()
    expect(verdict(response, good, { timeUs: nowUs - DAY_US })).toBeNull()
    expect(verdict(responseOf(revoked, ca), revoked, { timeUs: nowUs + 8 * DAY_US })).toBe('revoked')
    expect(verdict(responseOf(revoked, ca), revoked, { timeUs: nowUs - 4 * DAY_US })).toBe('good')
  })

  it('that was changed does not count', () => {
    responseOf(revoked, ca)
    const der = readFileSync(join(folder, 'r.der'))
    const signed = parseOcspResponse(der)?.signed.toBeSigned as Uint8Array
    const start = der.indexOf(signed)
    for (let at = start; at < start + signed.length; at += 5) {
      const changed = Uint8Array.from(der)
      changed[at] = (changed[at] as number) ^ 1
      const response = parseOcspResponse(changed)
      expect(response === null ? null : verdict(response, revoked)).toBeNull()
    }
  })

  it('makes a chain revoked', () => {
    const surroundings = {
      roots: new Roots([root.der]),
      seen: new Pool(),
      signatures: new Signatures(),
      revocations: new RevocationLists(),
    }
    const judged = (leaf: Holder) => {
      const sent = [leaf, ca].map(({ der }) => candidateOf(der))
      return judgeChain({ sent, role: 'server', timeUs: nowUs, staples: [responseOf(leaf, ca)] }, surroundings)
    }
    expect(judged(good)).toMatchObject({ revocation: 'good', problems: [] })
    expect(judged(revoked)).toMatchObject({ revocation: 'revoked', problems: ['revoked'] })
  })
})

describe.skipIf(!hasTool('openssl'))('a revocation list (needs openssl)', () => {
  const listOf = (signer: Holder): string => {
    openssl(
      'ca',
      '-gencrl',
      '-config',
      'crl.cnf',
      '-crldays',
      '7',
      '-cert',
      'Issuing.pem',
      '-keyfile',
      `${signer.name}.key`,
      '-out',
      'list.pem',
    )
    return join(folder, 'list.pem')
  }
  const asked = (lists: RevocationLists, about: Holder, timeUs = nowUs) =>
    lists.isRevoked(candidateOf(about.der), candidateOf(ca.der), timeUs)

  it('tells who is revoked since when', () => {
    const lists = readRevocationLists([listOf(ca)])
    expect(asked(lists, revoked)).toBe(true)
    expect(asked(lists, good)).toBe(false)
    expect(asked(lists, revoked, nowUs - 4 * DAY_US)).toBe(false)
    openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.der')
    expect(asked(readRevocationLists([join(folder, 'list.der')]), revoked)).toBe(true)
  })

  it('that another signed does not count', () => {
    writeFileSync(join(folder, 'Other.key'), other.keyPem)
    writeFileSync(join(folder, 'OtherIssuing.pem'), other.pem)
    openssl(
      'ca',
      '-gencrl',
      '-config',
      'crl.cnf',
      '-crldays',
      '7',
      '-cert',
      'OtherIssuing.pem',
      '-keyfile',
      'Other.key',
      '-out',
      'forged.pem',
    )
    expect(asked(readRevocationLists([join(folder, 'forged.pem')]), revoked)).toBe(false)
  })

  it('is asked for authorities too', () => {
    const surroundings = { roots: new Roots([root.der]), seen: new Pool(), signatures: new Signatures() }
    const sent = [revoked, ca].map(({ der }) => candidateOf(der))
    const revocations = readRevocationLists([listOf(ca)])
    expect(judgeChain({ sent, role: 'server', timeUs: nowUs }, { ...surroundings, revocations })?.problems).toEqual([
      'revoked',
    ])
  })

  it('that is none is refused', () => {
    expect(() => readRevocationLists([join(folder, 'good.pem')])).toThrow(/has no revocation list/)
  })
})

describe('any bytes', () => {
  it('give a response, a list, or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(parseOcspResponse(bytes)?.answers.length ?? 0).toBeLessThanOrEqual(32)
        expect(parseRevocationList(bytes)?.isCut ?? false).toBe(false)
      }),
    )
  })
})
