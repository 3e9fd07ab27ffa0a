/** Inventories by file, held against what is seen: real certificates, in the shapes in which others tell of them. */
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { certs } from '../../src/cli/certs.ts'
import { importInventory } from '../../src/cli/import.ts'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { openStore } from '../../src/store/index.ts'
import { parseCertificate } from '../../src/wire/x509.ts'
import { HOST, makeKeys } from '../probe/real-servers.ts'
import { hasTool } from '../registry/tools.ts'
import { flowLine } from '../store/lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-import-'))
let count = 0
let data = ''
let printed = ''

const certificate = (name: string) => new X509Certificate(readFileSync(join(folder, name)))
const idOf = (name: string): string => certificate(name).fingerprint256.replaceAll(':', '').toLowerCase()

beforeAll(() => {
  if (hasTool('openssl')) makeKeys(folder)
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

async function imported(place: string, as: string): Promise<unknown> {
  printed = ''
  await importInventory(place, { data, as, json: true })
  return JSON.parse(printed)
}

/** State and certificate of each row. */
async function inventory(): Promise<string[][]> {
  printed = ''
  await certs({ data, inventory: true, json: true })
  return printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map((row) => [row.state, row.source, row.fingerprint_sha256 || row.serial_number || row.subject_alt_names.join()])
}

describe.skipIf(!hasTool('openssl'))('an inventory (needs openssl)', () => {
  /** A new store each time, in which a server shows the leaf and what is above it. */
  beforeEach(async () => {
    count += 1
    data = join(folder, `data-${count}`)
    const store = await openStore({ data })
    await store.migrate()
    const lines = ['leaf.pem', 'ca.pem'].map((name) => {
      const der = certificate(name).raw
      return `${certificateLine({ fingerprint: idOf(name), der, ...parseCertificate(der, 0, der.length) })}\n`
    })
    await store.insertCertificates(lines.join(''), 2, 'certificates')
    const flow = flowLine({ name: 'one', verdict: 'strong', server_certificates: [idOf('leaf.pem'), idOf('ca.pem')] })
    await store.insertFlows(flow, 1, 'flow')
    await store.close()
    vi.spyOn(process.stdout, 'write').mockImplementation(((text: string, done: () => void) => {
      printed += text
      done()
      return true
    }) as typeof process.stdout.write)
  })
  it('that is not there leaves what servers show unknown; an issuer above them is nobody’s own', async () => {
    expect(await inventory()).toEqual([['unknown', '', idOf('leaf.pem')]])
  })

  it('of PEM files with keys among them: in use, and unused', async () => {
    const place = join(folder, 'pem')
    mkdirSync(place, { recursive: true })
    const key = readFileSync(join(folder, 'leaf.key'), 'utf8')
    file('pem/all.pem', `${key}\n${readFileSync(join(folder, 'leaf.pem'), 'utf8')}`)
    writeFileSync(join(place, 'root.der'), certificate('root.pem').raw)
    file('pem/notes.txt', 'nothing')
    expect(await imported(place, 'pem')).toEqual({ source: 'pem', files: 2, certificates: 2 })
    const known = [
      ['in_use', 'pem', idOf('leaf.pem')],
      ['unused', 'pem', idOf('root.pem')],
    ]
    expect(await inventory()).toEqual(known)
    // Again, and nothing is there twice.
    await imported(place, 'pem')
    expect(await inventory()).toEqual(known)
  })

  it('of ACM goes by serial number, and by names where there is none', async () => {
    const leaf = certificate('leaf.pem')
    const detail = {
      Certificate: {
        CertificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/1',
        DomainName: HOST,
        SubjectAlternativeNames: [HOST],
        Serial: leaf.serialNumber.toLowerCase().replace(/(..)(?!$)/g, '$1:'),
        Subject: `CN=${HOST}`,
        Issuer: 'Amazon',
        IssuedAt: 1_700_000_000.5,
        NotBefore: '2026-01-01T01:00:00+01:00',
        Type: 'AMAZON_ISSUED',
        DomainValidationOptions: [{ DomainName: HOST, ValidationMethod: 'DNS' }],
        RenewalSummary: { RenewalStatus: 'SUCCESS' },
      },
    }
    await imported(file('acm.json', JSON.stringify(detail)), 'acm')
    expect(await inventory()).toEqual([['in_use', 'acm', idOf('leaf.pem')]])

    const summary = (names: string[], NotAfter: unknown) => ({
      CertificateArn: `arn:${names[0]}`,
      DomainName: names[0],
      SubjectAlternativeNameSummaries: names,
      NotAfter,
    })
    const ends = Date.parse(leaf.validTo) / 1000
    const list = { CertificateSummaryList: [summary([HOST], ends), summary(['other.example'], ends)] }
    await imported(file('list.json', JSON.stringify(list)), 'acm')
    expect(await inventory()).toEqual([
      ['in_use', 'acm', idOf('leaf.pem')],
      ['in_use', 'acm', idOf('leaf.pem')],
      ['unused', 'acm', 'other.example'],
    ])
  })

  it.each(['json', 'csv'])('of AWS Private CA is an audit report in %s', async (ending) => {
    const row = {
      awsAccountId: '123456789012',
      certificateArn: 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1/certificate/2',
      serial: certificate('leaf.pem')
        .serialNumber.toLowerCase()
        .replace(/(..)(?!$)/g, '$1:'),
      subject: `CN=${HOST},O="Example, Inc."`,
      notBefore: '2026-02-26T17:39:57+0000',
      notAfter: '2027-02-26T18:39:57+0000',
      issuedAt: '2026-02-26T18:39:58+0000',
      revokedAt: '2026-03-01T00:00:00+0000',
      revocationReason: 'KEY_COMPROMISE',
    }
    const csv = [
      Object.keys(row).join(),
      Object.values(row)
        .map((one) => `"${one.replaceAll('"', '""')}"`)
        .join(),
    ]
    await imported(file(`audit.${ending}`, ending === 'csv' ? csv.join('\r\n') : JSON.stringify([row])), 'acm-pca')
    expect(await inventory()).toEqual([['in_use', 'acm-pca', idOf('leaf.pem')]])

    const store = await openStore({ data })
    const asked = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z', provenances: [], private_issuers: [] }
    // The sample's flow is of 1 March, 10:00: after it was revoked.
    const figures = ['private-issuance', 'private-revocation'].map((name) =>
      store.select(`kpi-certificate-${name}`, asked),
    )
    expect(await Promise.all(figures)).toMatchObject([
      [{ numerator: 1, denominator: 1 }],
      [{ numerator: 1, denominator: 1 }],
    ])
    await store.close()
  })

  it('of AWS Private CA is its authorities, as describe- and list-certificate-authorities print them', async () => {
    // AWS Private CA API Reference, CertificateAuthority: the documented shape, with a serial of ours.
    const authority = (last: string, members: Record<string, unknown>) => ({
      Arn: `arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/${last}`,
      OwnerAccount: '123456789012',
      CreatedAt: '2026-01-26T17:39:57.123000+00:00',
      Type: 'SUBORDINATE',
      Status: 'ACTIVE',
      NotBefore: '2026-01-26T17:39:57+00:00',
      NotAfter: 1_900_000_000,
      CertificateAuthorityConfiguration: {
        KeyAlgorithm: 'EC_prime256v1',
        SigningAlgorithm: 'SHA256WITHECDSA',
        Subject: { Country: 'DE', Organization: 'Example, Inc.', CommonName: 'Issuing' },
      },
      KeyStorageSecurityStandard: 'FIPS_140_2_LEVEL_3_OR_HIGHER',
      UsageMode: 'GENERAL_PURPOSE',
      ...members,
    })
    const described = authority('1', {
      Serial: certificate('ca.pem')
        .serialNumber.toLowerCase()
        .replace(/(..)(?!$)/g, '$1:'),
      RevocationConfiguration: {
        CrlConfiguration: { Enabled: true, ExpirationInDays: 7, S3BucketName: 'lists' },
        OcspConfiguration: { Enabled: false },
      },
    })
    const place = file('authority.json', JSON.stringify({ CertificateAuthority: described }))
    expect(await imported(place, 'acm-pca')).toEqual({ source: 'acm-pca', files: 1, certificates: 1 })
    const list = {
      CertificateAuthorities: [
        described,
        authority('2', { Status: 'PENDING_CERTIFICATE', NotBefore: undefined, NotAfter: undefined }),
        authority('3', { Status: 'DISABLED', UsageMode: 'SHORT_LIVED_CERTIFICATE', RevocationConfiguration: {} }),
      ],
      NextToken: 'more',
    }
    await imported(file('authorities.json', JSON.stringify(list)), 'acm-pca')
    printed = ''
    await certs({ data, inventory: true, json: true })
    const rows = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ source }) => source === 'acm-pca')
    expect(rows.map(({ item, state }) => [item.slice(-1), state])).toEqual([
      ['1', 'in_use'],
      ['2', 'unused'],
      ['3', 'unused'],
    ])
    expect(rows[0]).toMatchObject({
      ...{ fingerprint_sha256: idOf('ca.pem'), subject: 'CN=Issuing,O=Example\\, Inc.,C=DE', authority: 'private' },
      ...{ not_after: '2030-03-17T17:46:40Z', authority_status: 'ACTIVE', key_algorithm: 'EC_prime256v1' },
      ...{ usage_mode: 'GENERAL_PURPOSE', revokes_by_ocsp: false, revokes_by_crl: true, provenance: 'imported' },
    })
    expect(rows[1]).toMatchObject({ authority_status: 'PENDING_CERTIFICATE', revokes_by_ocsp: null, not_after: null })
    expect(rows[2]).toMatchObject({ revokes_by_ocsp: false, revokes_by_crl: false })
    printed = ''
    await certs({ data, inventory: true })
    expect(printed.replace(/\s+/g, ' ')).toMatch(/authority active, revokes by a list/)
  })

  it.each(['acm', 'acm-pca'])('of %s may be the certificate itself, as get-certificate prints it', async (kind) => {
    const [Certificate, CertificateChain] = ['leaf.pem', 'ca.pem'].map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    )
    const place = file(`got-${kind}.json`, JSON.stringify({ Certificate, CertificateChain }))
    // What is above it is no item of this inventory.
    expect(await imported(place, kind)).toEqual({ source: kind, files: 1, certificates: 1 })
    expect(await inventory()).toEqual([['in_use', kind, idOf('leaf.pem')]])
    const wrong = file('no-pem.json', JSON.stringify({ Certificate: 'nothing' }))
    await expect(imported(wrong, kind)).rejects.toMatchObject({ code: 'ERR_SOURCE_FORMAT' })
  })

  it('of AWS Private CA is the documented report of CSV: columns of the guide, in its order, with empty cells', async () => {
    // AWS Private CA User Guide, "Use audit reports with your private CA": the documented shape, with a serial of ours.
    const heading =
      'awsAccountId,requestedByServicePrincipal,certificateArn,serial,subject,notBefore,notAfter,issuedAt,revokedAt,revocationReason,templateArn'
    const number = certificate('leaf.pem')
      .serialNumber.toLowerCase()
      .replace(/(..)(?!$)/g, '$1:')
    const arn = 'arn:aws:acm-pca:region:account:certificate-authority/CA_ID/certificate/certificate_ID'
    const row = `123456789012,,${arn},${number},"2.5.4.5=#012345678901,CN=www.example1.com,OU=Sales,C=US",2020-03-02T21:43:57+0000,2020-04-07T22:43:57+0000,2020-03-02T22:43:58+0000,,UNSPECIFIED,arn:aws:acm-pca:::template/EndEntityCertificate/V1`
    await imported(file('guide.csv', `${heading}\n${row}\n`), 'acm-pca')
    printed = ''
    await certs({ data, inventory: true, json: true })
    expect(JSON.parse(printed)).toMatchObject({ state: 'in_use', item: arn, not_after: '2020-04-07T22:43:57Z' })
  })

  it('of Kubernetes is its TLS Secrets; keys are not kept', async () => {
    const encoded = (name: string): string => readFileSync(join(folder, name)).toString('base64')
    const secret = (name: string, type: string): string =>
      `- apiVersion: v1
  kind: Secret
  type: ${type}
  metadata: { name: ${name}, namespace: web }
  data: { tls.crt: ${encoded('chain.pem')}, tls.key: ${encoded('leaf.key')} }`
    const list = ['kind: List', 'items:', secret('site', 'kubernetes.io/tls'), secret('other', 'Opaque')].join('\n')
    expect(await imported(file('secrets.yaml', list), 'kubernetes')).toMatchObject({ certificates: 2 })
    expect(await inventory()).toEqual([
      ['in_use', 'kubernetes', idOf('leaf.pem')],
      ['in_use', 'kubernetes', idOf('ca.pem')],
    ])
  })

  it('of CSV has named columns', async () => {
    const text = `item,fingerprint_sha256,names\ndesk,${certificate('leaf.pem').fingerprint256},\nshelf,,"b.example a.example"\n`
    await imported(file('own.csv', text), 'csv')
    expect(await inventory()).toEqual([
      ['in_use', 'csv', idOf('leaf.pem')],
      ['unused', 'csv', 'a.example,b.example'],
    ])
  })
})

describe('a file', () => {
  it.each([
    { as: 'acm', text: '{"Other":1}' },
    { as: 'acm', text: '[' },
    { as: 'acm-pca', text: '[{"name":1}]' },
    { as: 'acm-pca', text: '{"CertificateAuthority":{"Status":"ACTIVE"}}' },
    { as: 'acm-pca', text: '{"CertificateAuthorities":[1]}' },
    { as: 'pem', text: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
    { as: 'kubernetes', text: 'a: &a [1]\nb: [*a, *a]\n' },
    { as: 'kubernetes', text: 'a: [' },
    { as: 'kubernetes', text: 'no Secrets' },
    { as: 'csv', text: 'name\nx\n' },
  ])('that is not of the kind $as is refused: $text', async ({ as, text }) => {
    await expect(imported(file('wrong', text), as)).rejects.toMatchObject({ code: 'ERR_SOURCE_FORMAT', exitStatus: 3 })
  })

  it('that is not there, or of no kind, is a mistake', async () => {
    await expect(imported(join(folder, 'nowhere'), 'pem')).rejects.toMatchObject({ code: 'ERR_SOURCE_NOT_FOUND' })
    await expect(imported(folder, 'xml')).rejects.toMatchObject({ code: 'ERR_USAGE' })
  })
})
