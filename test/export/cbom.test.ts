import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { CBOM } from '../../src/export/cbom.ts'
import type { CertificateRecord, FlowRecord } from '../../src/export/record.ts'
import { capturedLines } from '../store/captured-lines.ts'
import { context, flow, summaryOf } from './made-records.ts'

/** The official schemas, as the project's own library ships them. */
const folder = join(
  dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')),
  'res/schema',
)
const schema = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8'))
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
addFormats.default(ajv)
ajv.addFormat('iri-reference', true)
ajv.addFormat('idn-email', true)
for (const name of ['spdx', 'jsf-0.82']) {
  const { $id: _, ...rest } = schema(name)
  ajv.addSchema(rest, `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
}
const validate = ajv.compile(schema('bom-1.6'))

interface Component {
  name: string
  'bom-ref': string
  cryptoProperties: {
    assetType: string
    algorithmProperties?: Record<string, unknown>
    protocolProperties?: { cipherSuites: object[] }
  }
  evidence?: { occurrences: { location: string }[] }
}

function bomOf(records: readonly FlowRecord[], certificates: readonly CertificateRecord[] = []) {
  const exporter = CBOM.begin(context())
  for (const certificate of certificates) exporter.certificate(certificate)
  for (const record of records) expect(exporter.flow(record)).toBe('')
  const bom = JSON.parse(exporter.end(summaryOf(records)))
  expect(validate(bom), ajv.errorsText(validate.errors)).toBe(true)
  const components = bom.components as Component[]
  const refs = components.map((one) => one['bom-ref'])
  expect(new Set(refs).size).toBe(refs.length)
  for (const { ref, dependsOn } of bom.dependencies) expect(refs).toEqual(expect.arrayContaining([ref, ...dependsOn]))
  return { bom, of: (ref: string) => components.find((one) => one['bom-ref'] === ref), refs }
}

const TLS12 = {
  app_protocol: 'tls',
  tls_version: 771,
  tls_version_name: 'TLS 1.2',
  cipher_suite: 0xc02f,
  server_port: 443,
}
const NAMES = {
  cipher_suite_name: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  named_group: 29,
  named_group_name: 'x25519',
}

it('is valid, also of nothing', () => {
  expect(bomOf([]).refs).toEqual([])
  expect(validate({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ type: 'cryptographic-asset' }] })).toBe(
    false,
  )
})

describe('a flow', () => {
  it('shows its protocol with the suite by its code point, and its algorithms, at its server', () => {
    const { of, bom } = bomOf([flow({ ...TLS12, ...NAMES }), flow({ ...TLS12, ...NAMES })])
    expect(of('protocol/tls/1.2')).toMatchObject({
      name: 'TLS 1.2',
      cryptoProperties: {
        assetType: 'protocol',
        protocolProperties: {
          type: 'tls',
          version: '1.2',
          cipherSuites: [
            {
              name: NAMES.cipher_suite_name,
              identifiers: ['0xC0', '0x2F'],
              algorithms: expect.arrayContaining(['algorithm/ae/AES-128-GCM']),
            },
          ],
        },
      },
      evidence: { occurrences: [{ location: '10.0.0.2:443' }] },
    })
    expect(of('algorithm/key-agree/x25519')?.cryptoProperties.algorithmProperties).toMatchObject({
      classicalSecurityLevel: 128,
      nistQuantumSecurityLevel: 0,
    })
    expect(bom.dependencies).toContainEqual(expect.objectContaining({ ref: 'protocol/tls/1.2' }))
  })

  it('with a hybrid group shows what withstands a quantum computer', () => {
    const { of } = bomOf([flow({ ...TLS12, named_group: 0x11ec })])
    expect(of('algorithm/combiner/X25519MLKEM768')?.cryptoProperties.algorithmProperties).toMatchObject({
      nistQuantumSecurityLevel: 3,
    })
  })

  it('in the clear shows nothing, and what was only offered is not in it', () => {
    expect(bomOf([flow({ verdict: 'plaintext', offered_cipher_suites: [0xc02f], offered_groups: [29] })]).refs).toEqual(
      [],
    )
  })

  it('names no more endpoints than an inventory needs', () => {
    const many = Array.from({ length: 300 }, (_, port) => flow({ ...TLS12, ...NAMES, server_port: port + 1 }))
    expect(bomOf(many).of('protocol/tls/1.2')?.evidence?.occurrences).toHaveLength(100)
  })
})

it('of all captures is valid, and has every certificate, SSH and IKE', async () => {
  const { flows, certificates } = await capturedLines()
  const { of, refs } = bomOf(
    flows.map((line) => JSON.parse(line)),
    certificates.map((line) => JSON.parse(line)),
  )
  const fingerprints = new Set(certificates.map((line) => JSON.parse(line).fingerprint_sha256))
  expect(refs.filter((ref) => ref.startsWith('certificate/'))).toHaveLength(fingerprints.size)
  expect(refs).toEqual(
    expect.arrayContaining(['protocol/ssh/2.0', 'protocol/ike/2', 'protocol/dtls/1.2', 'protocol/tls/1.3']),
  )
  expect(of('protocol/tls/1.2')?.cryptoProperties.protocolProperties?.cipherSuites.length).toBeGreaterThan(5)
  expect(refs.length).toBeGreaterThan(50)
})
