/** Extensions beside what openssl reads in them, for Mozilla's roots and for certificates made with all of them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { outlineOf } from '../../src/wire/x509-outline.ts'
import { readUsage } from '../../src/wire/x509-usage.ts'
import { hasTool } from '../registry/tools.ts'
import { certificate } from './der-bytes.ts'

const folder = mkdtempSync(join(tmpdir(), 'usage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const EXTENSIONS = `
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always,issuer:always
basicConstraints=critical,CA:TRUE,pathlen:3
keyUsage=critical,keyCertSign,cRLSign,decipherOnly
extendedKeyUsage=serverAuth,clientAuth,1.2.3.4
nameConstraints=critical,permitted;DNS:lab.example,permitted;IP:10.0.0.0/255.0.0.0,excluded;email:.example.test,excluded;dirName:dir
subjectAltName=email:ops@lab.example,URI:spiffe://lab/web,DNS:lab.example,DNS:127.0.0.1,IP:10.0.0.1,dirName:dir,RID:1.2.3.4,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ada@lab.example,otherName:1.2.3.5;BOOLEAN:TRUE
certificatePolicies=2.23.140.1.2.2,1.2.3.4.5
authorityInfoAccess=OCSP;URI:http://ocsp.lab.example/,caIssuers;URI:http://ca.lab.example/ca.der
crlDistributionPoints=URI:http://crl.lab.example/a.crl,URI:http://crl.lab.example/b.crl
tlsfeature=status_request
1.3.6.1.4.1.99999.7=critical,ASN1:NULL
`

describe.skipIf(!hasTool('openssl'))('extensions (need openssl to be made)', () => {
  const usage = (extensions: string) => {
    writeFileSync(
      join(folder, 'c.cnf'),
      `[req]\ndistinguished_name=dn\nx509_extensions=x\n[dn]\n[dir]\nO=Lab\nCN=x\n[x]\n${extensions}`,
    )
    const der = join(folder, 'c.der')
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-keyout',
          join(folder, 'c.key'),
        ],
        ...[
          '-subj',
          '/CN=lab',
          '-config',
          join(folder, 'c.cnf'),
          '-outform',
          'DER',
          '-out',
          der,
          '-set_serial',
          '0x00ab12',
        ],
      ],
      { stdio: 'pipe' },
    )
    return {
      facts: readUsage(readFileSync(der)),
      text: execFileSync('openssl', ['x509', '-in', der, '-noout', '-text']).toString(),
    }
  }

  it('are read as they were asked for', () => {
    const { facts, text } = usage(EXTENSIONS)
    const [, keyId] = /Subject Key Identifier:\s+([0-9A-F:]+)/.exec(text) ?? []
    const hex = keyId?.replaceAll(':', '').toLowerCase()
    expect(hex).toMatch(/^[0-9a-f]{40}$/)
    expect(facts).toEqual({
      subjectKeyId: hex,
      authorityKeyId: hex,
      authoritySerial: 'ab12',
      keyUsage: ['keyCertSign', 'cRLSign', 'decipherOnly'],
      purposes: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '1.2.3.4'],
      pathLength: 3,
      nameConstraints: {
        permitted: [
          { kind: 'dns', base: 'lab.example' },
          { kind: 'ip', base: '0a000000ff000000' },
        ],
        excluded: [
          { kind: 'mailbox', base: '.example.test' },
          { kind: 'directory', base: 'CN=x,O=Lab' },
        ],
      },
      policies: ['2.23.140.1.2.2', '1.2.3.4.5'],
      ocspAddresses: ['http://ocsp.lab.example/'],
      issuerAddresses: ['http://ca.lab.example/ca.der'],
      crlAddresses: ['http://crl.lab.example/a.crl', 'http://crl.lab.example/b.crl'],
      hosts: ['lab.example', '127.0.0.1'],
      addresses: ['0a000001'],
      mailboxes: ['ops@lab.example'],
      uris: ['spiffe://lab/web'],
      otherNames: [
        'dirname:CN=x,O=Lab',
        'rid:1.2.3.4',
        'othername:1.3.6.1.4.1.311.20.2.3:ada@lab.example',
        'othername:1.2.3.5',
      ],
      timestamps: 0,
      mustStaple: true,
      unknownCritical: ['1.3.6.1.4.1.99999.7'],
    })
  })

  it('that are not there limit nothing', () => {
    const { facts } = usage('subjectAltName=DNS:lab.example')
    expect(facts).toMatchObject({
      keyUsage: null,
      purposes: null,
      pathLength: null,
      nameConstraints: null,
      timestamps: 0,
    })
    expect(facts.unknownCritical).toEqual([])
  })
})

describe('any bytes', () => {
  it('give facts and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readUsage(bytes).policies.length).toBeLessThanOrEqual(64)
      }),
    )
  })

  it('spoilt in one place give facts and never throw', () => {
    const whole = certificate()
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const spoilt = Uint8Array.from(whole)
        spoilt[at] = value
        readUsage(spoilt)
        const outline = outlineOf(spoilt)
        expect(outline === null || outline.key.length <= spoilt.length).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
