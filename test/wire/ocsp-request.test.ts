import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ocspRequest } from '../../src/wire/ocsp-request.ts'
import { issue } from '../pki/issue.ts'
import { hasTool } from '../registry/tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'ocsp-request-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const ca = issue(Date.now(), { name: 'Issuing', by: null, authority: true })

describe.skipIf(!hasTool('openssl'))('a request (needs openssl)', () => {
  it.each(['01', '7f', '80', 'ff00', 'f'.repeat(40), `10${'00'.repeat(18)}`])('for %s is that of openssl', (serial) => {
    writeFileSync(join(folder, 'ca.pem'), ca.pem)
    const asked = ['-issuer', 'ca.pem', '-serial', `0x${serial}`, '-no_nonce', '-reqout', 'request.der']
    execFileSync('openssl', ['ocsp', ...asked], { cwd: folder, stdio: 'pipe' })
    expect(Buffer.from(ocspRequest(ca.der, serial) as Uint8Array).toString('hex')).toBe(
      readFileSync(join(folder, 'request.der')).toString('hex'),
    )
  })
})

describe('no request', () => {
  it.each([
    { name: 'a negative number', serial: '-01' },
    { name: 'no number', serial: null },
    { name: 'a number too long', serial: '11'.repeat(41) },
  ])('is made for $name', ({ serial }) => expect(ocspRequest(ca.der, serial)).toBeNull())

  it('is made of an issuer that cannot be read', () => {
    expect(ocspRequest(ca.der.subarray(0, 40), '01')).toBeNull()
  })
})
