import type { Row } from '../row.ts'
import { type OpensslRow, opensslRow } from './openssl.ts'

const HELLO = 'tls.handshake.type == 1'
const SERVER_HELLO = 'tls.handshake.type == 2'
const CERTIFICATE = 'tls.handshake.type == 11'
const KEY_EXCHANGE = 'tls.handshake.type == 12'

const chose = (suite: string): Row['checks'] => ({
  [`${SERVER_HELLO} and tls.handshake.version == 0x0303 and tls.handshake.ciphersuite == ${suite}`]: 1,
})
const group = (code: string): Row['checks'] => ({
  [`${KEY_EXCHANGE} and tls.handshake.server_named_curve == ${code}`]: 1,
})
/** Both ends held to TLS 1.2, so that the server has no reason for a downgrade sentinel. */
const TLS12_ONLY = '-tls1_2 '
const weak = (suites: string): string => `-tls1_2 -cipher ${suites}:@SECLEVEL=0`

const SUITES: readonly OpensslRow[] = [
  {
    name: 'tls12-ecdhe-rsa-aes128gcm.pcap',
    shows: 'TLS 1.2, c02f ECDHE-RSA-AES128-GCM-SHA256, x25519, RSA-2048 leaf and its intermediate',
    server: `${TLS12_ONLY}-cipher ECDHE-RSA-AES128-GCM-SHA256`,
    clients: ['-tls1_2'],
    checks: { ...chose('0xc02f'), ...group('0x001d'), [`${CERTIFICATE} and tls.handshake.certificates_length`]: 1 },
  },
  {
    name: 'tls12-ecdsa-chain.pcap',
    shows: 'TLS 1.2, c02c ECDHE-ECDSA-AES256-GCM-SHA384, secp521r1, P-256 leaf under a P-256 intermediate',
    leaf: 'ec',
    server: `${TLS12_ONLY}-groups P-521`,
    clients: ['-tls1_2 -groups P-521:P-256'],
    checks: { ...chose('0xc02c'), ...group('0x0019'), 'x509af.algorithm.id == 1.2.840.10045.4.3.2': 1 },
  },
  {
    name: 'tls12-ed25519.pcap',
    shows: 'TLS 1.2, c02b, Ed25519 leaf and signature',
    leaf: 'ed',
    server: `${TLS12_ONLY}-cipher ECDHE-ECDSA-AES128-GCM-SHA256`,
    clients: ['-tls1_2'],
    checks: { ...chose('0xc02b'), [`${KEY_EXCHANGE} and tls.handshake.sig_hash_alg == 0x0807`]: 1 },
  },
  {
    name: 'tls12-rsa-pss-certificate.pcap',
    shows: 'TLS 1.2, c030, a leaf whose key is RSA-PSS only (id-RSASSA-PSS)',
    leaf: 'pss',
    server: TLS12_ONLY,
    clients: ['-tls1_2'],
    checks: { ...chose('0xc030'), [`${KEY_EXCHANGE} and tls.handshake.sig_hash_alg == 0x0809`]: 1 },
  },
  {
    name: 'tls12-chacha20.pcap',
    shows: 'TLS 1.2, cca8 ECDHE-RSA-CHACHA20-POLY1305',
    server: `${TLS12_ONLY}-cipher ECDHE-RSA-CHACHA20-POLY1305`,
    clients: ['-tls1_2'],
    checks: chose('0xcca8'),
  },
  {
    name: 'tls12-dhe-2048.pcap',
    shows: 'TLS 1.2, 009e DHE-RSA-AES128-GCM-SHA256, DH prime of 2048 bits',
    server: `${TLS12_ONLY}-cipher DHE-RSA-AES128-GCM-SHA256 -dhparam %PKI%/dh2048.pem`,
    clients: ['-tls1_2'],
    checks: { ...chose('0x009e'), [`${KEY_EXCHANGE} and tls.handshake.p_len == 256`]: 1 },
  },
  {
    name: 'tls12-dhe-1024.pcap',
    shows: 'TLS 1.2, 0033 DHE-RSA-AES128-SHA, DH prime of only 1024 bits',
    server: `${weak('DHE-RSA-AES128-SHA')} -dhparam %PKI%/dh1024.pem`,
    clients: [weak('ALL')],
    checks: { ...chose('0x0033'), [`${KEY_EXCHANGE} and tls.handshake.p_len == 128`]: 1 },
  },
  {
    name: 'tls12-rsa-kx-cbc.pcap',
    shows: 'TLS 1.2, 002f RSA key transport (no ServerKeyExchange, no forward secrecy), CBC, with encrypt-then-MAC',
    server: `${TLS12_ONLY}-cipher AES128-SHA`,
    clients: ['-tls1_2 -cipher AES128-SHA:AES256-SHA'],
    checks: { ...chose('0x002f'), [KEY_EXCHANGE]: 0, [`${SERVER_HELLO} and tls.handshake.extension.type == 22`]: 1 },
  },
  {
    name: 'tls12-rsa-kx-gcm.pcap',
    shows: 'TLS 1.2, 009d RSA key transport with an AEAD: good cipher, no forward secrecy',
    server: `${TLS12_ONLY}-cipher AES256-GCM-SHA384`,
    clients: ['-tls1_2'],
    checks: { ...chose('0x009d'), [KEY_EXCHANGE]: 0 },
  },
  {
    name: 'tls12-cbc-without-etm.pcap',
    shows: 'TLS 1.2, c027 ECDHE-RSA-AES128-SHA256 in CBC mode without encrypt-then-MAC',
    server: `${TLS12_ONLY}-cipher ECDHE-RSA-AES128-SHA256 -no_etm`,
    clients: ['-tls1_2'],
    checks: { ...chose('0xc027'), [`${SERVER_HELLO} and tls.handshake.extension.type == 22`]: 0 },
  },
  {
    name: 'tls12-null-cipher.pcap',
    shows: 'TLS 1.2, c010 ECDHE-RSA-NULL-SHA: authenticated, not encrypted; the page can be read in the records',
    server: weak('eNULL'),
    clients: [weak('eNULL')],
    checks: { ...chose('0xc010'), 'frame contains "GET /page.txt"': 1 },
  },
  {
    name: 'tls12-anon-dh.pcap',
    shows: 'TLS 1.2, 00a7 ADH-AES256-GCM-SHA384: encrypted without any authentication, no certificate',
    leaf: null,
    server: weak('aNULL'),
    clients: [weak('ADH')],
    checks: { ...chose('0x00a7'), [CERTIFICATE]: 0, [KEY_EXCHANGE]: 1 },
  },
  {
    name: 'tls12-psk.pcap',
    shows: 'TLS 1.2, 00a9 PSK-AES256-GCM-SHA384: a shared key, no certificate, no forward secrecy',
    leaf: null,
    server: '-tls1_2 -psk 6b6579206b6579206b6579206b657921 -cipher PSK',
    clients: ['-tls1_2 -psk 6b6579206b6579206b6579206b657921 -cipher PSK-AES256-GCM-SHA384'],
    checks: { ...chose('0x00a9'), [CERTIFICATE]: 0 },
  },
]

const BEHAVIOUR: readonly OpensslRow[] = [
  {
    name: 'tls12-session-id-resumption.pcap',
    shows: 'two flows: a full handshake, then an abbreviated one by session id (no Certificate, echoed id)',
    server: `${TLS12_ONLY}-no_ticket`,
    clients: ['-tls1_2 -no_ticket -sess_out %SESSION%', '-tls1_2 -no_ticket -sess_in %SESSION%'],
    checks: { [SERVER_HELLO]: 2, [CERTIFICATE]: 1, 'tls.handshake.type == 4': 0 },
  },
  {
    name: 'tls12-ticket-resumption.pcap',
    shows: 'two flows: a full handshake that ends with a NewSessionTicket, then an abbreviated one with that ticket',
    server: TLS12_ONLY,
    clients: ['-tls1_2 -sess_out %SESSION%', '-tls1_2 -sess_in %SESSION%'],
    checks: {
      [SERVER_HELLO]: 2,
      [CERTIFICATE]: 1,
      [`${HELLO} and len(tls.handshake.extension.data) > 100`]: 1,
      'tls.handshake.type == 4': 'some',
    },
  },
  {
    name: 'tls12-client-cert-presented.pcap',
    shows:
      'TLS 1.2 mutual authentication: CertificateRequest, the client sends a P-256 certificate and CertificateVerify',
    server: `${TLS12_ONLY}-Verify 3 -CAfile %PKI%/ec-root.pem`,
    clients: ['-tls1_2 -cert %PKI%/client.pem -cert_chain %PKI%/client-chain.pem -key %PKI%/client.key'],
    checks: { 'tls.handshake.type == 13': 1, [CERTIFICATE]: 2, 'tls.handshake.type == 15': 1 },
  },
  {
    name: 'tls12-client-cert-empty.pcap',
    shows: 'TLS 1.2: the server asks for a certificate, the client sends an empty one, the server goes on',
    server: `${TLS12_ONLY}-verify 3 -CAfile %PKI%/ec-root.pem`,
    clients: ['-tls1_2'],
    checks: {
      'tls.handshake.type == 13': 1,
      [CERTIFICATE]: 2,
      'tls.handshake.type == 15': 0,
      [`${CERTIFICATE} and tls.handshake.certificates_length == 0`]: 1,
    },
  },
  {
    name: 'tls12-client-cert-required.pcap',
    shows: 'TLS 1.2: the server insists on a certificate, the client sends an empty one, alert 40 handshake_failure',
    server: `${TLS12_ONLY}-Verify 3 -CAfile %PKI%/ec-root.pem`,
    clients: ['-tls1_2'],
    mayFail: true,
    checks: {
      'tls.handshake.type == 13': 1,
      [`${CERTIFICATE} and tls.handshake.certificates_length == 0`]: 1,
      'tls.alert_message.desc == 40': 1,
    },
  },
  {
    name: 'tls12-ocsp-staple.pcap',
    shows: 'TLS 1.2 with a stapled OCSP response (CertificateStatus)',
    server: `${TLS12_ONLY}-status_file %PKI%/rsa-ocsp.der`,
    clients: ['-tls1_2 -status'],
    checks: { 'tls.handshake.type == 22': 1, 'ocsp.responseStatus == 0': 1 },
  },
  {
    name: 'tls12-renegotiation.pcap',
    shows:
      'TLS 1.2, then a renegotiation that the client starts: its second ClientHello is an encrypted handshake record',
    server: `${TLS12_ONLY}-client_renegotiation -rev`,
    clients: ['-tls1_2'],
    typed: ['hello', 'R', 'again', 'Q'],
    checks: { [HELLO]: 1, 'tls.record.content_type == 20': 4 },
  },
  {
    name: 'tls12-downgrade-sentinel.pcap',
    shows: 'a server that could do TLS 1.3 answers a TLS 1.2 client: the random ends in "DOWNGRD" 01',
    server: '',
    clients: ['-tls1_2'],
    checks: { [`${SERVER_HELLO} and tls.handshake.random[24:8] == 44:4f:57:4e:47:52:44:01`]: 1 },
  },
  {
    name: 'tls12-fallback-scsv.pcap',
    shows: 'a client that says it fell back (5600 TLS_FALLBACK_SCSV): alert 86 inappropriate_fallback',
    server: '',
    clients: ['-tls1_2 -fallback_scsv'],
    mayFail: true,
    checks: { [`${HELLO} and tls.handshake.ciphersuite == 0x5600`]: 1, 'tls.alert_message.desc == 86': 1 },
  },
]

const OLDER: readonly OpensslRow[] = [
  {
    name: 'tls11-ecdhe-aes128cbc.pcap',
    shows: 'TLS 1.1, c013 ECDHE-RSA-AES128-SHA',
    server: '-tls1_1 -cipher ALL:@SECLEVEL=0',
    clients: ['-tls1_1 -cipher ECDHE-RSA-AES128-SHA:@SECLEVEL=0'],
    checks: { [`${SERVER_HELLO} and tls.handshake.version == 0x0302 and tls.handshake.ciphersuite == 0xc013`]: 1 },
  },
  {
    name: 'tls10-ecdhe-aes256cbc.pcap',
    shows:
      'TLS 1.0, c014 ECDHE-RSA-AES256-SHA, from a client and a server that could do 1.3: the sentinel "DOWNGRD" 00',
    server: '-cipher ALL:@SECLEVEL=0',
    clients: ['-tls1 -cipher ECDHE-RSA-AES256-SHA:@SECLEVEL=0'],
    checks: {
      [`${SERVER_HELLO} and tls.handshake.version == 0x0301 and tls.handshake.ciphersuite == 0xc014`]: 1,
      [`${SERVER_HELLO} and tls.handshake.random[24:8] == 44:4f:57:4e:47:52:44:00`]: 1,
    },
  },
]

export const TLS12: readonly Row[] = [...SUITES, ...BEHAVIOUR].map(opensslRow)
export const TLS10: readonly Row[] = OLDER.map(opensslRow)
