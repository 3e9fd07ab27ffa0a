/** CycloneDX 1.6: the cryptography that was seen on the wire, as an inventory (CBOM). What was only offered is not in it. */
import { randomUUID } from 'node:crypto'
import { escapeBeyondAscii } from '../core/json.ts'
import {
  type Algorithm,
  groupAlgorithm,
  keyAlgorithm,
  signatureAlgorithm,
  sshAlgorithms,
  suiteAlgorithms,
} from './cbom-algorithms.ts'
import { addressOf } from './fail-on.ts'
import type { ExportContext, ExportFormat } from './format.ts'
import { type CertificateRecord, type FlowRecord, numberOf, textOf, textsOf } from './record.ts'

/** Endpoints named of each component: an inventory is no list of flows. */
const MAX_OCCURRENCES = 100
/** Components of a kind, far more than there are algorithms; certificates beyond are counted. */
const MAX_COMPONENTS = 50_000

interface Asset {
  readonly ref: string
  readonly name: string
  readonly crypto: object
  readonly more?: object
  readonly uses: Set<string>
  readonly seenAt: Set<string>
}

class Inventory {
  readonly #assets = new Map<string, Asset>()
  /** Suites by protocol and version. */
  readonly #suites = new Map<string, Map<string, object>>()
  /** Components for which there was no room. */
  leftOut = 0

  flow(record: FlowRecord): void {
    const at = addressOf(record)
    const version = textOf(record, 'tls_version_name')
    if (version !== undefined) this.#tls(version, record, at)
    if (textOf(record, 'ssh_kex') !== undefined)
      this.#protocol('ssh', 'SSH', sshVersion(record), sshAlgorithms(record), at)
    const ike = numberOf(record, 'ike_version')
    if (ike !== undefined) this.#protocol('ike', 'IKE', String(ike), [], at)
    for (const side of ['server_certificates', 'client_certificates']) {
      for (const fingerprint of textsOf(record, side)) this.#see(`certificate/${fingerprint}`, at)
    }
  }

  certificate(certificate: CertificateRecord): void {
    const { fingerprint_sha256: fingerprint } = certificate
    const signedBy = signatureAlgorithm(certificate['signature_algorithm'], certificate['signature_hash'])
    const key = keyAlgorithm(certificate['key_type'], certificate['key_bits'], certificate['key_curve'])
    const refs = [signedBy, key].flatMap((one) => (one === null ? [] : [this.#algorithm(one)]))
    const asset = this.#asset({
      ref: `certificate/${fingerprint}`,
      name: textOf(certificate, 'subject') ?? textsOf(certificate, 'subject_alt_names')[0] ?? fingerprint,
      more: { hashes: [{ alg: 'SHA-256', content: fingerprint }] },
      crypto: {
        assetType: 'certificate',
        certificateProperties: defined({
          subjectName: textOf(certificate, 'subject'),
          issuerName: textOf(certificate, 'issuer'),
          notValidBefore: textOf(certificate, 'not_before'),
          notValidAfter: textOf(certificate, 'not_after'),
          signatureAlgorithmRef: signedBy === null ? undefined : refOf(signedBy),
          certificateFormat: 'X.509',
        }),
      },
    })
    for (const ref of refs) asset?.uses.add(ref)
  }

  bom({ version, now }: ExportContext): object {
    const assets = [...this.#assets.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1))
    return {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: `urn:uuid:${randomUUID()}`,
      version: 1,
      metadata: {
        timestamp: now,
        lifecycles: [{ phase: 'operations' }],
        tools: { components: [{ type: 'application', name: 'intransit', version }] },
        properties: [{ name: 'intransit:components_left_out', value: String(this.leftOut) }],
      },
      components: assets.map((asset) => this.#component(asset)),
      dependencies: assets
        .filter(({ uses }) => uses.size > 0)
        .map(({ ref, uses }) => ({ ref, dependsOn: [...uses].sort() })),
    }
  }

  #component({ ref, name, crypto, more, seenAt }: Asset): object {
    const suites = this.#suites.get(ref)
    const cipherSuites = suites === undefined ? {} : { cipherSuites: [...suites].sort().map(([, suite]) => suite) }
    const { protocolProperties } = crypto as { protocolProperties?: object }
    return {
      type: 'cryptographic-asset',
      'bom-ref': ref,
      name,
      ...more,
      cryptoProperties:
        protocolProperties === undefined
          ? crypto
          : { ...crypto, protocolProperties: { ...protocolProperties, ...cipherSuites } },
      ...(seenAt.size === 0 ? {} : { evidence: { occurrences: [...seenAt].sort().map((location) => ({ location })) } }),
    }
  }

  /** "TLS 1.2", "DTLS 1.2": the schema knows TLS alone. */
  #tls(name: string, record: FlowRecord, at: string): void {
    const [, family = '', version = name] = /^([A-Z]+) (.+)$/.exec(name) ?? []
    const suite = numberOf(record, 'cipher_suite')
    const group = groupAlgorithm(numberOf(record, 'named_group') ?? 0)
    const algorithms = [...suiteAlgorithms(suite ?? -1), ...(group === null ? [] : [group])]
    const type = family === 'TLS' || family === 'SSL' ? 'tls' : 'other'
    const ref = this.#protocol(type, family === '' ? 'TLS' : family, version, algorithms, at)
    const suiteName = textOf(record, 'cipher_suite_name')
    if (suite === undefined || suiteName === undefined) return
    const suites = this.#suites.get(ref) ?? new Map<string, object>()
    this.#suites.set(ref, suites)
    if (suites.has(suiteName) || suites.size >= MAX_COMPONENTS) return
    const octets = suite > 0xffff ? [suite >>> 16, suite >>> 8, suite] : [suite >>> 8, suite]
    suites.set(suiteName, {
      name: suiteName,
      algorithms: suiteAlgorithms(suite).map(refOf),
      identifiers: octets.map((octet) => `0x${(octet & 255).toString(16).toUpperCase().padStart(2, '0')}`),
    })
  }

  #protocol(type: string, family: string, version: string, algorithms: readonly Algorithm[], at: string): string {
    const ref = `protocol/${family.toLowerCase()}/${version}`
    const asset = this.#asset({
      ref,
      name: `${family} ${version}`,
      crypto: { assetType: 'protocol', protocolProperties: { type, version } },
    })
    for (const algorithm of algorithms) {
      const used = this.#algorithm(algorithm)
      asset?.uses.add(used)
      this.#see(used, at)
    }
    this.#see(ref, at)
    return ref
  }

  #algorithm(algorithm: Algorithm): string {
    const ref = refOf(algorithm)
    this.#asset({
      ref,
      name: algorithm.name,
      crypto: { assetType: 'algorithm', algorithmProperties: algorithm.properties },
    })
    return ref
  }

  #asset(asset: Omit<Asset, 'uses' | 'seenAt'>): Asset | undefined {
    const known = this.#assets.get(asset.ref)
    if (known !== undefined) return known
    if (this.#assets.size >= MAX_COMPONENTS) {
      this.leftOut += 1
      return undefined
    }
    const made = { ...asset, uses: new Set<string>(), seenAt: new Set<string>() }
    this.#assets.set(asset.ref, made)
    return made
  }

  #see(ref: string, at: string): void {
    const seenAt = this.#assets.get(ref)?.seenAt
    if (seenAt !== undefined && seenAt.size < MAX_OCCURRENCES) seenAt.add(at)
  }
}

/** A bom-ref names one component: what differs in its properties differs in its name. */
const refOf = ({ name, properties }: Algorithm): string => `algorithm/${properties.primitive}/${name}`

const sshVersion = (record: FlowRecord): string => (numberOf(record, 'ssh_version') === 1 ? '1' : '2.0')

const defined = (object: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

export const CBOM: ExportFormat = {
  about: 'CycloneDX 1.6, an inventory of protocols, algorithms and certificates that were seen in use (CBOM)',
  begin: (context) => {
    const inventory = new Inventory()
    return {
      flow: (record) => {
        inventory.flow(record)
        return ''
      },
      certificate: (certificate) => inventory.certificate(certificate),
      end: () => `${escapeBeyondAscii(JSON.stringify(inventory.bom(context), null, 2))}\n`,
    }
  },
}
