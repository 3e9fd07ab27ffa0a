/** ECS and OCSF: of made records, and of every flow of captures/. */
import { beforeAll, describe, expect, it } from 'vitest'
import { ECS } from '../../src/export/ecs.ts'
import { OCSF } from '../../src/export/ocsf.ts'
import { type CertificateRecord, type FlowRecord, IKE_FIELDS } from '../../src/export/record.ts'
import { capturedLines } from '../store/captured-lines.ts'
import { context, flow, PLAIN, summaryOf } from './made-records.ts'

const CERTIFICATE = {
  fingerprint_sha256: 'ab'.repeat(32),
  subject: 'CN=web.example.test',
  issuer: 'CN=Root',
  serial_number: '0a1b',
  not_before: '2026-01-01T00:00:00.000000Z',
  not_after: '2026-12-31T00:00:00.000000Z',
  key_type: 'ec',
  key_bits: 256,
  self_issued: false,
  subject_alt_names: ['web.example.test'],
}

const TLS = flow({
  app_protocol: 'tls',
  server_port: 443,
  tls_version: 771,
  tls_version_name: 'TLS 1.2',
  cipher_suite_name: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  named_group_name: 'x25519',
  server_name: 'web.example.test',
  offered_cipher_suites: [0xc02f],
  ja3: 'a'.repeat(32),
  ja3s: 'b'.repeat(32),
  ja4: 't12d010000_aaaaaaaaaaaa_bbbbbbbbbbbb',
  alpn: 'h2',
  resumed: false,
  handshake_us: 1600,
  server_certificates: [CERTIFICATE.fingerprint_sha256],
})

const known = context({
  certificate: (fingerprint) => (fingerprint === CERTIFICATE.fingerprint_sha256 ? CERTIFICATE : undefined),
})
const ecs = (record: FlowRecord) => JSON.parse(ECS.begin(known).flow(record))
const ocsf = (record: FlowRecord) => JSON.parse(OCSF.begin(known).flow(record))

describe('ECS', () => {
  it('has the fields of TLS, of both ends and of the network', () => {
    expect(ecs(TLS)).toMatchObject({
      '@timestamp': '2026-11-24T02:19:00.000001Z',
      event: { duration: 1_500_002_000, category: ['network'] },
      network: {
        transport: 'tcp',
        protocol: 'tls',
        type: 'ipv4',
        bytes: 1000,
        packets: 11,
        community_id: expect.stringMatching(/^1:.{28}$/),
      },
      source: { ip: '10.0.0.1', port: 40_000, bytes: 100 },
      destination: { ip: '10.0.0.2', port: 443, bytes: 900, domain: 'web.example.test' },
      tls: {
        version: '1.2',
        version_protocol: 'tls',
        cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
        curve: 'x25519',
        next_protocol: 'h2',
        established: true,
        resumed: false,
        client: {
          server_name: 'web.example.test',
          ja3: 'a'.repeat(32),
          supported_ciphers: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
        },
        server: {
          ja3s: 'b'.repeat(32),
          hash: { sha256: 'AB'.repeat(32) },
          x509: { serial_number: '0A1B', alternative_names: ['web.example.test'] },
        },
      },
      intransit: { verdict: 'strong' },
    })
  })

  it('has no TLS of a flow in the clear, and no port of a transport without', () => {
    expect(ecs(flow(PLAIN))).not.toHaveProperty('tls')
    expect(ecs(flow({ transport: 'esp', client_port: 0, server_port: 0 })).source).not.toHaveProperty('port')
  })
})

describe('OCSF', () => {
  it('has the class of network activity with its tls object', () => {
    expect(ocsf(TLS)).toMatchObject({
      class_uid: 4001,
      category_uid: 4,
      type_uid: 400_106,
      time: Date.parse('2026-11-24T02:19:01.500Z'),
      duration: 1500,
      connection_info: {
        protocol_num: 6,
        protocol_ver_id: 4,
        direction_id: 0,
        community_uid: ecs(TLS).network.community_id,
      },
      traffic: { bytes: 1000, bytes_out: 100, bytes_in: 900 },
      tls: {
        version: 'TLS 1.2',
        sni: 'web.example.test',
        handshake_dur: 2,
        ja3_hash: { algorithm_id: 1, value: 'a'.repeat(32) },
        certificate: {
          serial_number: '0a1b',
          issuer: 'CN=Root',
          expiration_time: Date.parse(CERTIFICATE.not_after),
          fingerprints: [{ algorithm_id: 3 }],
        },
      },
      ja4_fingerprint_list: [{ type_id: 1, value: TLS['ja4'] }],
      unmapped: { verdict: 'strong' },
    })
    expect(ocsf(flow({ server_name: 'no.handshake' }))).not.toHaveProperty('tls')
  })

  it('ends with a compliance finding for each rule and endpoint', () => {
    const lines = OCSF.begin(known)
      .end(summaryOf([flow(PLAIN), flow(PLAIN), flow()]))
      .trimEnd()
      .split('\n')
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      class_uid: 2003,
      category_uid: 2,
      type_uid: 200_301,
      severity_id: 5,
      count: 2,
      compliance: { status_id: 3, control: 'sec09-recommended/cleartext', standards: [expect.any(String)] },
      finding_info: { uid: expect.stringMatching(/^[0-9a-f]{32}$/), title: expect.any(String) },
      resources: [{ uid: '10.0.0.2:80 http' }],
      remediation: { desc: expect.any(String) },
    })
    expect(OCSF.begin(known).end(summaryOf([]))).toBe('')
  })
})

describe('of every flow of captures/', () => {
  let flows: FlowRecord[]
  let certificates: Map<string, CertificateRecord>
  beforeAll(async () => {
    const lines = await capturedLines()
    flows = lines.flows.map((line) => JSON.parse(line))
    certificates = new Map(lines.certificates.map((line) => [JSON.parse(line).fingerprint_sha256, JSON.parse(line)]))
  })

  it.each([
    { name: 'ECS', format: ECS, demands: ['@timestamp', 'ecs', 'event', 'network', 'source', 'destination'] },
    {
      name: 'OCSF',
      format: OCSF,
      demands: [
        'class_uid',
        'category_uid',
        'activity_id',
        'type_uid',
        'severity_id',
        'time',
        'metadata',
        'dst_endpoint',
      ],
    },
  ])('$name is one line of ASCII with what it demands', ({ format, demands }) => {
    const exporter = format.begin(context({ certificate: (one) => certificates.get(one) }))
    expect(flows.length).toBeGreaterThan(500)
    for (const record of flows) {
      const line = exporter.flow(record)
      expect(line).toMatch(/^[\x20-\x7e]+\n$/)
      const object = JSON.parse(line)
      for (const name of demands) expect(object).toHaveProperty([name])
      expect(line).not.toContain('"der"')
    }
  })

  it('all that a record has of IKE is in both, as it is there', () => {
    const exchanges = flows.filter((record) => record['ike_version'] !== undefined)
    const seen = new Set<string>()
    for (const record of exchanges) {
      const ike = Object.fromEntries(Object.entries(record).filter(([name]) => name.startsWith('ike_')))
      expect(ecs(record).intransit).toMatchObject(ike)
      expect(ocsf(record).unmapped).toMatchObject(ike)
      for (const name of Object.keys(ike)) seen.add(name)
    }
    expect(IKE_FIELDS.filter((name) => !seen.has(name))).toEqual([])
  })
})
