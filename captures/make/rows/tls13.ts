import type { Row } from '../row.ts'
import { type OpensslRow, opensslRow } from './openssl.ts'

const HELLO = 'tls.handshake.type == 1'
const SERVER_HELLO = 'tls.handshake.type == 2'
/** In these rows TLS 1.3 hides all after the ServerHello, so the checks look at the two hellos. */
const chose = (suite: string, group: string | null): Row['checks'] => ({
  [`${SERVER_HELLO} and tls.handshake.extensions.supported_version == 0x0304 and tls.handshake.ciphersuite == ${suite}`]: 1,
  ...(group && { [`${SERVER_HELLO} and tls.handshake.extensions_key_share_group == ${group}`]: 1 }),
  'tls.handshake.type == 11': 0,
})

const SPECS: readonly OpensslRow[] = [
  {
    name: 'tls13-openssl-x25519.pcap',
    shows: 'TLS 1.3, 1302 TLS_AES_256_GCM_SHA384, x25519, SNI: the modern common case',
    server: '',
    clients: ['-tls1_3'],
    checks: {
      ...chose('0x1302', '0x001d'),
      [`${HELLO} and tls.handshake.extensions_server_name == "web.example.test"`]: 1,
    },
  },
  {
    name: 'tls13-aes128gcm-secp256r1.pcap',
    shows: 'TLS 1.3, 1301 TLS_AES_128_GCM_SHA256, secp256r1',
    leaf: 'ec',
    server: '-ciphersuites TLS_AES_128_GCM_SHA256 -groups P-256',
    clients: ['-tls1_3 -groups P-256'],
    checks: chose('0x1301', '0x0017'),
  },
  {
    name: 'tls13-chacha20-secp384r1.pcap.gz',
    shows: 'TLS 1.3, 1303 TLS_CHACHA20_POLY1305_SHA256, secp384r1; the file is compressed with gzip',
    server: '',
    clients: ['-tls1_3 -groups P-384 -ciphersuites TLS_CHACHA20_POLY1305_SHA256'],
    checks: chose('0x1303', '0x0018'),
  },
  {
    name: 'tls13-aes128ccm8-x448.pcap',
    shows: 'TLS 1.3, 1305 TLS_AES_128_CCM_8_SHA256 (short tag, not recommended by IANA), x448',
    server: '-ciphersuites TLS_AES_128_CCM_8_SHA256 -groups X448',
    clients: ['-tls1_3 -groups X448 -ciphersuites TLS_AES_128_CCM_8_SHA256'],
    checks: chose('0x1305', '0x001e'),
  },
  {
    name: 'tls13-ffdhe2048.pcap.zst',
    shows: 'TLS 1.3, 1302, ffdhe2048 (finite field); the file is compressed with zstd',
    server: '-groups ffdhe2048',
    clients: ['-tls1_3 -groups ffdhe2048'],
    checks: chose('0x1302', '0x0100'),
  },
  {
    name: 'tls13-hrr.pcap',
    shows:
      'TLS 1.3 with HelloRetryRequest: the client shares x25519, the server wants secp384r1; two ClientHellos, two ServerHellos',
    server: '-groups P-384',
    clients: ['-tls1_3 -groups X25519:P-384'],
    checks: {
      [HELLO]: 2,
      [SERVER_HELLO]: 2,
      [`${SERVER_HELLO} and tls.handshake.random == cf:21:ad:74:e5:9a:61:11:be:1d:8c:02:1e:65:b8:91:c2:a2:11:16:7a:bb:8c:5e:07:9e:09:e2:c8:a8:33:9c`]: 1,
    },
  },
  {
    name: 'tls13-no-middlebox-compat.pcap',
    shows: 'TLS 1.3 without middlebox compatibility: empty legacy session id, no ChangeCipherSpec',
    server: '-no_middlebox',
    clients: ['-tls1_3 -no_middlebox'],
    checks: {
      ...chose('0x1302', '0x001d'),
      'tls.record.content_type == 20': 0,
      [`${HELLO} and tls.handshake.session_id_length == 0`]: 1,
    },
  },
  {
    name: 'tls13-psk-resumption.pcap',
    shows:
      'two flows: a full TLS 1.3 handshake, then a resumption by PSK from its NewSessionTicket (psk_dhe_ke). Both ServerHellos echo the session id; only the second has pre_shared_key',
    server: '',
    clients: ['-tls1_3 -sess_out %SESSION%', '-tls1_3 -sess_in %SESSION%'],
    checks: {
      [HELLO]: 2,
      [`${SERVER_HELLO} and tls.handshake.extension.type == 41`]: 1,
      [`${SERVER_HELLO} and tls.handshake.extension.type == 51`]: 2,
    },
  },
  {
    name: 'tls13-early-data.pcap',
    shows: 'two flows: the second sends its request as 0-RTT early data right behind its ClientHello',
    server: '-early_data -no_anti_replay',
    clients: ['-tls1_3 -sess_out %SESSION%', '-tls1_3 -sess_in %SESSION% -early_data early.txt'],
    typed: ['hello', 'Q'],
    checks: {
      [`${HELLO} and tls.handshake.extension.type == 42`]: 1,
      [`${SERVER_HELLO} and tls.handshake.extension.type == 41`]: 1,
    },
  },
  {
    name: 'tls13-external-psk.pcap',
    shows: 'TLS 1.3 with a pre-shared key from outside and ECDHE (psk_dhe_ke): no certificate at all',
    leaf: null,
    server: '-psk 6b6579206b6579206b6579206b657921 -nocert',
    clients: ['-tls1_3 -psk 6b6579206b6579206b6579206b657921'],
    checks: { [`${SERVER_HELLO} and tls.handshake.extension.type == 41 and tls.handshake.extension.type == 51`]: 1 },
  },
  {
    name: 'tls13-psk-without-forward-secrecy.pcap',
    shows:
      'two flows: the second resumes with psk_ke, so its ServerHello has no key share and there is no forward secrecy',
    server: '-allow_no_dhe_kex -groups P-384',
    clients: [
      '-tls1_3 -groups P-384 -sess_out %SESSION%',
      '-tls1_3 -allow_no_dhe_kex -groups X25519 -sess_in %SESSION%',
    ],
    checks: {
      [`${SERVER_HELLO} and tls.handshake.extension.type == 41`]: 1,
      [`${SERVER_HELLO} and tls.handshake.extension.type == 51`]: 1,
      [`${HELLO} and tls.extension.psk_ke_mode == 0`]: 1,
    },
  },
  {
    name: 'tls13-client-certificate.pcap',
    shows: 'TLS 1.3 mutual authentication: the client certificate is encrypted, so a passive observer cannot know',
    server: '-Verify 3 -CAfile %PKI%/ec-root.pem',
    clients: ['-tls1_3 -cert %PKI%/client.pem -cert_chain %PKI%/client-chain.pem -key %PKI%/client.key'],
    checks: { ...chose('0x1302', '0x001d'), 'tls.handshake.type == 13': 0 },
  },
]

export const TLS13: readonly Row[] = SPECS.map(opensslRow)
