/** `intransit certs` over captures, held against what tshark takes out of the same packets and openssl reads in it. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasTool } from '../registry/tools.ts'
import { CAPTURES, intransit, records } from './run.ts'

const FILES = [
  'tls-expired-cert',
  'tls-self-signed-rsa1024-sha1',
  'tls-sha1-leaf',
  'tls12-ecdsa-chain',
  'tls12-ed25519',
  'tls12-rsa-pss-certificate',
  'tls12-client-cert-presented',
].map((name) => join(CAPTURES, `${name}.pcap`))

/** A day after the captures; one of their certificates had ended before, and the others end in 89 days or ten years. */
const NOW = ['--now', '2026-11-25']

const folder = mkdtempSync(join(tmpdir(), 'cli-certs-'))
const data = join(folder, 'data')
beforeAll(() => {
  expect(intransit(['replay', ...FILES, '--data', data]).status).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const certs = (...args: string[]) => intransit(['certs', '--data', data, ...args])
const list = (...args: string[]) => records(certs('--json', ...NOW, ...args).stdout)

/** PEM by fingerprint, of what the command exports. */
function exported(...args: string[]): Map<string, string> {
  const { stdout } = certs('--pem', '-', ...NOW, ...args)
  const pems = stdout.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
  return new Map(pems.map((pem) => [fingerprintOf(pem), pem]))
}

const fingerprintOf = (certificate: string | Buffer): string =>
  new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase()

describe.skipIf(!hasTool('tshark'))('beside tshark (needs it)', () => {
  it('lists the certificates that are in the packets, and no others', () => {
    const inPackets = FILES.flatMap((file) =>
      execFileSync(
        'tshark',
        ['-r', file, '-Y', 'tls.handshake.certificate', '-T', 'fields', '-e', 'tls.handshake.certificate'],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      )
        .split(/[\s,]+/)
        .filter((der) => der !== ''),
    ).map((der) => fingerprintOf(Buffer.from(der, 'hex')))
    expect(
      list()
        .map((one) => one['fingerprint_sha256'])
        .sort(),
    ).toEqual([...new Set(inPackets)].sort())
    expect([...exported().keys()].sort()).toEqual([...new Set(inPackets)].sort())
  })
})

describe.skipIf(!hasTool('openssl'))('beside openssl (needs it)', () => {
  const ask = (pem: string, ...args: string[]): string =>
    execFileSync('openssl', ['x509', '-noout', '-nameopt', 'RFC2253,-esc_msb', ...args], {
      input: pem,
      encoding: 'utf8',
    })

  it('reads in each what openssl does', () => {
    const pems = exported()
    const listed = list()
    expect(listed.length).toBe(pems.size)
    expect(pems.size).toBeGreaterThan(8)
    for (const one of listed) {
      const pem = pems.get(one['fingerprint_sha256'] as string) as string
      expect(ask(pem, '-subject')).toBe(`subject=${one['subject']}\n`)
      expect(ask(pem, '-issuer')).toBe(`issuer=${one['issuer']}\n`)
      expect(ask(pem, '-serial').trim().toLowerCase()).toBe(`serial=${one['serial_number']}`)
      expect(ask(pem, '-dates', '-dateopt', 'iso_8601').replace(/(\d) (\d)/g, '$1T$2')).toBe(
        `notBefore=${one['not_before']}\nnotAfter=${one['not_after']}\n`,
      )
      const text = ask(pem, '-text')
      expect(text.includes('CA:TRUE')).toBe(one['is_ca'])
      expect(Number(/Public-Key: \((\d+) bit\)/.exec(text)?.[1] ?? 256)).toBe(one['key_bits'])
      expect(/Signature Algorithm: (.*)/.exec(text)?.[1]).toMatch(
        SIGNATURES[`${one['signature_algorithm']} ${one['signature_hash']}`] as RegExp,
      )
      const names = Array.from(text.matchAll(/(?:DNS|IP Address):([^,\n]+)/g), ([, name]) => name)
      expect(one['subject_alt_names']).toEqual(names)
      const key = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: ask(pem, '-pubkey') })
      const digest = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: key, encoding: 'utf8' })
      expect(digest.slice(0, 64)).toBe(one['spki_sha256'])
      const left = (Date.parse(one['not_after'] as string) - Date.parse('2026-11-25')) / 86_400_000
      expect(one['days_left']).toBe(Math.floor(left))
    }
  })

  const SIGNATURES: Record<string, RegExp> = {
    'rsa-pkcs1 sha256': /^sha256WithRSAEncryption$/,
    'rsa-pkcs1 sha1': /^sha1WithRSAEncryption$/,
    'ecdsa sha256': /^ecdsa-with-SHA256$/,
    'ed25519 null': /^ED25519$/,
  }

  it('exports what openssl takes for one chain: the issuer vouches for the leaf', () => {
    const pems = exported()
    const ca = list().find((one) => one['use'] === 'ca' && (one['subject'] as string).includes('ec-issuing'))
    const leaf = list().find((one) => one['use'] === 'server' && one['issuer'] === ca?.['subject'])
    const [issuer, subject] = [ca, leaf].map(
      (one) => new X509Certificate(pems.get(one?.['fingerprint_sha256'] as string) as string),
    )
    expect(subject?.verify((issuer as X509Certificate).publicKey)).toBe(true)
  })
})

describe('faults', () => {
  const faults = (...args: string[]) =>
    list(...args)
      .filter((one) => (one['faults'] as string[]).length > 0)
      .map(
        (one) => `${one['use']} ${one['key_type']} ${one['signature_hash']}: ${(one['faults'] as string[]).join(' ')}`,
      )
      .sort()

  /** From what captures/README.md says of these files. */
  const KNOWN = [
    'client ec sha256: untrusted',
    'server ec sha256: untrusted',
    'server ed25519 null: incomplete-chain',
    'server rsa sha1: weak-key weak-signature-hash self-signed ca-as-leaf no-san',
    'server rsa sha1: weak-signature-hash untrusted',
    'server rsa sha256: expired-when-seen untrusted',
    'server rsa sha256: untrusted',
    'server rsa-pss sha256: untrusted',
  ]

  it('are fewer where the organisation says whom it trusts', () => {
    const issuing = [...exported()].filter(([, pem]) => new X509Certificate(pem).subject.includes('-issuing'))
    const file = join(folder, 'issuing.pem')
    writeFileSync(file, issuing.map(([, pem]) => pem).join(''))
    expect(faults('--roots', file)).toEqual(
      KNOWN.map((known) => known.replace(/ untrusted$/, '')).filter((known) => !known.endsWith(':')),
    )
    const client = list('--roots', file, '--name', 'backup-agent')[0]
    expect(client).toMatchObject({ anchor: 'private', chain: [{ from: 'sent' }, { from: 'sent' }] })
  })

  it('are those that the captures were made with', () => {
    expect(faults()).toEqual(KNOWN)
    expect(faults('--failing')).toEqual(KNOWN)
    expect(list('--failing')).toHaveLength(KNOWN.length)
    expect(list().length).toBeGreaterThan(KNOWN.length)
  })

  it('go by the day that is given, for what no other has replaced', () => {
    const later = records(certs('--json', '--now', '2040-01-01').stdout)
    expect(later.length).toBeGreaterThan(8)
    for (const one of later) expect((one['faults'] as string[]).includes('expired')).toBe(one['in_use'])
    expect(later.some((one) => one['in_use'])).toBe(true)
  })
})

describe('what is asked for', () => {
  it('is found by its end, among leaves in use', () => {
    expect(list('--expiring', '10d').filter((one) => one['use'] === 'ca')).toEqual([])
    const ending = list('--expiring', '90d')
    expect(ending.length).toBeGreaterThan(2)
    for (const one of ending) {
      expect(one['use']).not.toBe('ca')
      expect(one['in_use']).toBe(true)
      expect(one['days_left']).toBeLessThan(90)
    }
    expect(list('--expiring', '80d').length).toBeLessThan(ending.length)
  })

  it('is found by a part of its names', () => {
    expect(list('--name', 'BACKUP-agent')).toMatchObject([
      { use: 'client', subject: expect.stringContaining('backup-agent') },
    ])
    expect(list('--name', 'no.such.name')).toEqual([])
    expect(certs('--name', 'no.such.name').stdout).toBe('No certificates that answer this were seen.\n')
  })

  it('tells where each was shown', () => {
    const [client] = list('--name', 'backup-agent')
    expect(client).toMatchObject({
      endpoints: 1,
      flows: 1,
      in_use: true,
      sightings: [
        {
          role: 'client',
          position: 0,
          server_ip: '10.11.0.3',
          server_port: 443,
          server_name: 'web.example.test',
          flows: 1,
          replaced: false,
        },
      ],
    })
  })
})

describe('what is printed', () => {
  it('fits a terminal, tells the faults in words, and has no colour for a pipe', () => {
    const { status, stdout, stderr } = certs('--failing', ...NOW)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(stdout).not.toContain('\u001b')
    expect(stdout).toMatch(/^web\.example\.test +rsa 1024 +server +2036-11-2\d +36\d\d$/m)
    expect(stdout).toContain('  faults: weak-key, weak-signature-hash, self-signed, ca-as-leaf, no-san\n')
    expect(stdout).toMatch(/^expired-when-seen {2}1 certificate\n {2}It was shown after its end/m)
  })

  it('is written as PEM beside the list', () => {
    const file = join(folder, 'out.pem')
    const { stdout } = certs('--pem', file, '--failing', '--json', ...NOW)
    const written = readFileSync(file, 'utf8')
    expect(written.match(/BEGIN CERTIFICATE/g)).toHaveLength(records(stdout).length)
    for (const one of records(stdout)) expect(written).toContain(`# sha256 ${one['fingerprint_sha256']}\n`)
  })
})

describe('mistakes', () => {
  it.each([
    { args: ['--data', data, '--expiring', '30'], status: 2, says: /^ERR_USAGE: --expiring 30 .*30d/ },
    { args: ['--data', data, '--now', '2026-13-01'], status: 2, says: /^ERR_USAGE: --now 2026-13-01/ },
    {
      args: ['--data', data, '--pem', join(folder, 'no', 'such')],
      status: 2,
      says: /^ERR_USAGE: --pem .* cannot be written/,
    },
    { args: [], status: 2, says: /^ERR_USAGE: no store was named/ },
    { args: ['--data', join(folder, 'absent')], status: 5, says: /^ERR_DATA_FOLDER: .*absent is not there/ },
  ])('$args', ({ args, status, says }) => {
    const ran = intransit(['certs', ...args])
    expect(ran.status).toBe(status)
    expect(ran.stderr).toMatch(says)
    expect(existsSync(join(folder, 'absent'))).toBe(false)
  })

  it('has a help with an example', () => {
    expect(intransit(['certs', '--help']).stdout).toContain('$ intransit certs --data data --failing')
  })
})
