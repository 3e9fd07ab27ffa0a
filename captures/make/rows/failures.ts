import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import { serveNginx } from '../nginx.ts'
import { sleep } from '../process.ts'
import type { Row } from '../row.ts'
import { opensslRow } from './openssl.ts'
import { CURL, NGINX, RESOLVE, serveNode } from './peers.ts'

const HELLO = 'tls.handshake.type == 1'
const SERVER_HELLO = 'tls.handshake.type == 2'
const alert = (description: number): Row['checks'] => ({ [`tls.alert_message.desc == ${description}`]: 1 })

/** Handshakes that fail with an alert, and certificates that nobody should accept. */
export const FAILURES: readonly Row[] = [
  opensslRow({
    name: 'tls-alert-handshake-failure.pcap',
    shows: 'no suite in common: alert 40 handshake_failure from the server',
    server: '-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384',
    clients: ['-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256'],
    mayFail: true,
    checks: { [HELLO]: 1, [SERVER_HELLO]: 0, ...alert(40) },
  }),
  opensslRow({
    name: 'tls-alert-protocol-version.pcap',
    shows: 'a TLS 1.3 server and a client that only speaks TLS 1.2: alert 70 protocol_version',
    server: '-tls1_3',
    clients: ['-tls1_2'],
    mayFail: true,
    checks: { [HELLO]: 1, [SERVER_HELLO]: 0, ...alert(70) },
  }),
  opensslRow({
    name: 'tls-alert-unknown-ca.pcap',
    shows: 'TLS 1.2: the client does not know the authority: alert 48 unknown_ca after the server flight',
    server: '-tls1_2',
    clients: ['-tls1_2 -verify_return_error -CAfile %PKI%/ec-root.pem'],
    mayFail: true,
    checks: { [SERVER_HELLO]: 1, ...alert(48) },
  }),
  opensslRow({
    name: 'tls13-alert-encrypted.pcap',
    shows: 'the same refusal in TLS 1.3: the alert is encrypted and not readable',
    server: '-tls1_3',
    clients: ['-tls1_3 -verify_return_error -CAfile %PKI%/ec-root.pem'],
    mayFail: true,
    checks: { [SERVER_HELLO]: 1, 'tls.alert_message.desc': 0 },
  }),
  opensslRow({
    name: 'tls-expired-cert.pcap',
    shows: 'TLS 1.2, c030, a certificate that expired a month before the capture; the client goes on',
    leaf: 'expired',
    server: '-tls1_2',
    clients: ['-tls1_2'],
    checks: { [`${SERVER_HELLO} and tls.handshake.ciphersuite == 0xc030`]: 1, 'x509af.notAfter': 'some' },
  }),
  opensslRow({
    name: 'tls-self-signed-rsa1024-sha1.pcap',
    shows: 'TLS 1.2 with a self-signed RSA-1024 certificate signed with SHA-1, valid for ten years',
    leaf: 'weak',
    server: '-tls1_2 -cipher ALL:@SECLEVEL=0',
    clients: ['-tls1_2 -cipher ALL:@SECLEVEL=0'],
    checks: { [SERVER_HELLO]: 1, 'x509af.algorithm.id == 1.2.840.113549.1.1.5': 1 },
  }),
  opensslRow({
    name: 'tls-sha1-leaf.pcap',
    shows: 'TLS 1.2 with an RSA-2048 leaf that its authority signed with SHA-1; the intermediate is SHA-256',
    leaf: 'sha1',
    server: '-tls1_2 -cipher ALL:@SECLEVEL=0',
    clients: ['-tls1_2 -cipher ALL:@SECLEVEL=0'],
    checks: {
      [SERVER_HELLO]: 1,
      'x509af.algorithm.id == 1.2.840.113549.1.1.5 and x509af.algorithm.id == 1.2.840.113549.1.1.11': 1,
    },
  }),
  opensslRow({
    name: 'tls-no-sni.pcap',
    shows: 'TLS 1.3 without server_name',
    server: '',
    clients: ['-tls1_3 -noservername'],
    checks: { [SERVER_HELLO]: 1, 'tls.handshake.extension.type == 0': 0 },
  }),
  opensslRow({
    name: 'tls-odd-port.pcap',
    shows: 'TLS 1.2 on port 31337: only the bytes tell',
    port: 31337,
    server: '-tls1_2',
    clients: ['-tls1_2'],
    checks: { [`${SERVER_HELLO} and tcp.srcport == 31337`]: 1 },
  }),
  {
    name: 'tls-alert-unrecognized-name.pcap',
    shows: 'the server does not serve that name: alert 112 unrecognized_name',
    peers: `${CURL}, ${NGINX}`,
    how: '`ssl_reject_handshake on`',
    checks: { [HELLO]: 1, ...alert(112) },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNginx(lab, `server { listen ${SERVER_IP}:443 ssl default_server; ssl_reject_handshake on; }`)
      await lab.client(['curl', '-sSk', ...RESOLVE, `https://${HOST}/`], { mayFail: true })
    },
  },
  {
    name: 'tls-alert-no-application-protocol.pcap',
    shows: 'no ALPN in common: alert 120 no_application_protocol',
    peers: `${CURL}, Node 20.20.2 (OpenSSL 3.0.19)`,
    how: "curl offers h2 and http/1.1, the server has `ALPNProtocols: ['mqtt']`",
    checks: { [HELLO]: 1, ...alert(120) },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNode(lab, { ALPNProtocols: ['mqtt'] })
      await lab.client(['curl', '-sSk', ...RESOLVE, `https://${HOST}/`], { mayFail: true })
    },
  },
  {
    name: 'tls-no-answer.pcap',
    shows: 'the server accepts the connection and never answers the ClientHello; the client gives up',
    peers: `${CURL}, a Node 20 TCP server that only accepts`,
    how: '`curl --max-time 2`',
    checks: { [HELLO]: 1, 'tcp.srcport == 443 and tcp.len > 0': 0 },
    record: async (lab) => {
      await silent(lab)
      await lab.client(['curl', '-sSk', '--max-time', '2', ...RESOLVE, `https://${HOST}/`], { mayFail: true })
    },
  },
  {
    name: 'tls-reset-after-client-hello.pcap',
    shows: 'the client sends the first 120 bytes of a ClientHello and resets the connection',
    peers: 'a Node 20 TCP client, a Node 20 TCP server that only accepts',
    how: '`socket.resetAndDestroy()`',
    checks: { 'tcp.flags.reset == 1': 1, 'tcp.len == 120': 1 },
    record: async (lab) => {
      await silent(lab)
      await lab.client(lab.node('tcp-client.mjs', { host: SERVER_IP, port: 443, reset: CUT_HELLO }))
      await sleep(50)
    },
  },
]

/** Record header and handshake header that promise 512 bytes, then only a part of them. */
const CUT_HELLO = `1603010200010001fc0303${'5a'.repeat(109)}`

async function silent(lab: Lab): Promise<void> {
  lab.wire('cable')
  await lab.capture()
  await lab.serve(lab.node('tcp-server.mjs', { host: SERVER_IP, port: 443, mode: 'silent' }), /ready/)
}
