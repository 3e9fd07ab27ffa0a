import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import type { Row } from '../row.ts'

const NODE010 = 'Node 0.10.32 (OpenSSL 1.0.1i) at both ends'
const SERVER_HELLO = 'tls.handshake.type == 2'

interface LegacyRow {
  readonly name: string
  readonly shows: string
  readonly leaf: 'rsa' | 'weak' | 'md5'
  /** Options of `tls.createServer` and `tls.connect` of Node 0.10. */
  readonly server: object
  readonly client: object
  readonly checks: Row['checks']
}

const record = async (lab: Lab, { leaf, server, client }: LegacyRow): Promise<void> => {
  lab.wire('cable')
  await lab.capture()
  const files = { key: lab.pki(leaf === 'weak' ? 'weak.key' : `${leaf}-traditional.key`), cert: lab.pki(`${leaf}.pem`) }
  await lab.serve(
    lab.node('legacy-server.cjs', { host: SERVER_IP, port: 443, ...files, ...server }, 'node010'),
    /ready/,
  )
  await lab.client(lab.node('legacy-client.cjs', { host: SERVER_IP, port: 443, ...client }, 'node010'), {
    mayFail: true,
  })
}

const SPECS: readonly LegacyRow[] = [
  {
    name: 'sslv2.pcap',
    shows: 'SSL 2.0 in full: CLIENT-HELLO, SERVER-HELLO with an RSA-1024 MD5 certificate, RC4-128-MD5 (010080)',
    leaf: 'md5',
    server: { secureProtocol: 'SSLv2_method', ciphers: 'RC4-MD5' },
    client: { secureProtocol: 'SSLv2_method', ciphers: 'RC4-MD5' },
    checks: {
      'tls.record.version == 0x0002 and tls.handshake.type == 1': 1,
      'tls.record.version == 0x0002 and tls.handshake.type == 4': 1,
    },
  },
  {
    name: 'sslv3-rc4-md5.pcap',
    shows: 'SSL 3.0, 0004 RSA_WITH_RC4_128_MD5, RSA-1024 certificate signed with MD5',
    leaf: 'md5',
    server: { secureProtocol: 'SSLv3_method', ciphers: 'RC4-MD5' },
    client: { secureProtocol: 'SSLv3_method', ciphers: 'RC4-MD5' },
    checks: {
      [`${SERVER_HELLO} and tls.handshake.version == 0x0300 and tls.handshake.ciphersuite == 0x0004`]: 1,
      'x509af.algorithm.id == 1.2.840.113549.1.1.4': 1,
    },
  },
  {
    name: 'sslv3-cbc.pcap',
    shows: 'SSL 3.0, 002f RSA_WITH_AES_128_CBC_SHA (POODLE)',
    leaf: 'rsa',
    server: { secureProtocol: 'SSLv3_method', ciphers: 'AES128-SHA' },
    client: { secureProtocol: 'SSLv3_method', ciphers: 'AES128-SHA' },
    checks: { [`${SERVER_HELLO} and tls.handshake.version == 0x0300 and tls.handshake.ciphersuite == 0x002f`]: 1 },
  },
  {
    name: 'sslv2-hello-tls12.pcap',
    shows: 'a ClientHello in SSL 2.0 format that offers TLS 1.2 (RFC 5246, appendix E.2), answered with TLS 1.2',
    leaf: 'rsa',
    server: { secureProtocol: 'SSLv23_method' },
    client: { secureProtocol: 'SSLv23_method', ciphers: 'ALL:+SSLv2', secureOptions: 0 },
    checks: {
      'tls.handshake.type == 1 and tls.handshake.cipherspec': 1,
      [`${SERVER_HELLO} and tls.handshake.version == 0x0303`]: 1,
    },
  },
  {
    name: 'tls10-export-rc4-40.pcap',
    shows: 'TLS 1.0, 0003 RSA_EXPORT_WITH_RC4_40_MD5: 40 bits, an ephemeral RSA key of 512 bits in ServerKeyExchange',
    leaf: 'weak',
    server: { secureProtocol: 'TLSv1_method', ciphers: 'EXP-RC4-MD5' },
    client: { secureProtocol: 'TLSv1_method', ciphers: 'EXP-RC4-MD5' },
    checks: {
      [`${SERVER_HELLO} and tls.handshake.version == 0x0301 and tls.handshake.ciphersuite == 0x0003`]: 1,
      'tls.handshake.type == 12': 1,
    },
  },
  {
    name: 'tls10-des-cbc.pcap',
    shows: 'TLS 1.0, 0009 RSA_WITH_DES_CBC_SHA: 56 bits',
    leaf: 'rsa',
    server: { secureProtocol: 'TLSv1_method', ciphers: 'DES-CBC-SHA' },
    client: { secureProtocol: 'TLSv1_method', ciphers: 'DES-CBC-SHA' },
    checks: { [`${SERVER_HELLO} and tls.handshake.version == 0x0301 and tls.handshake.ciphersuite == 0x0009`]: 1 },
  },
  {
    name: 'tls12-heartbeat.pcap',
    shows: 'TLS 1.2 of OpenSSL 1.0.1: the heartbeat extension from both ends, SNI, no extended_master_secret',
    leaf: 'rsa',
    server: {},
    client: { servername: HOST },
    checks: { [`${SERVER_HELLO} and tls.handshake.extension.type == 15`]: 1, 'tls.handshake.extension.type == 23': 0 },
  },
]

export const LEGACY: readonly Row[] = SPECS.map((spec) => ({
  name: spec.name,
  shows: spec.shows,
  peers: NODE010,
  how: `server \`${JSON.stringify(spec.server)}\`, client \`${JSON.stringify(spec.client)}\``,
  checks: spec.checks,
  record: (lab) => record(lab, spec),
}))
