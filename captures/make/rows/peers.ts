import { join } from 'node:path'
import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import { serveNginx } from '../nginx.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'
import { serveOpenssl } from './openssl.ts'

const HELLO = 'tls.handshake.type == 1'
const SERVER_HELLO = 'tls.handshake.type == 2'
const TLS13 = `${SERVER_HELLO} and tls.handshake.extensions.supported_version == 0x0304`
const URL = `https://${HOST}/`
export const RESOLVE = ['--resolve', `${HOST}:443:${SERVER_IP}`, '--resolve', `${HOST}:80:${SERVER_IP}`]
export const NGINX = 'nginx 1.22.1 (OpenSSL 3.0.19)'
export const CURL = 'curl 7.88.1 (OpenSSL 3.0.19)'
const NODE20 = 'Node 20.20.2 (OpenSSL 3.0.19)'
const NODE24 = 'Node 24.21.0 (OpenSSL 3.5.8)'
const GNUTLS = 'gnutls-cli 3.7.9, gnutls-serv 3.7.9'
const NSS = 'tstclnt and selfserv of NSS 3.87'

type NodeVersion = 'node20' | 'node24'

/** Node at both ends, options as for `tls.connect` and `tls.createServer`. */
export async function nodeToNode(
  lab: Lab,
  client: object,
  server: object,
  version: NodeVersion = 'node20',
): Promise<void> {
  lab.wire('cable')
  await lab.capture()
  await serveNode(lab, server, version)
  await lab.client(lab.node('tls-client.mjs', { host: SERVER_IP, port: 443, servername: HOST, ...client }, version))
}

export async function serveNode(lab: Lab, options: object, version: NodeVersion = 'node20'): Promise<void> {
  const common = { host: SERVER_IP, port: 443, key: lab.pki('rsa.key'), cert: lab.pki('rsa.pem') }
  await lab.serve(lab.node('tls-server.mjs', { ...common, ...options }, version), /ready/)
}

export const NGINX_TLS = `server {
  listen ${SERVER_IP}:443 ssl http2; server_name ${HOST}; root %ROOT%;
  ssl_certificate %PKI%/rsa.pem; ssl_certificate_key %PKI%/rsa.key; ssl_protocols TLSv1.2 TLSv1.3;
}`

async function gnutls(lab: Lab, server: string, client: string): Promise<void> {
  lab.wire('cable')
  await lab.capture()
  const files = ['--x509certfile', lab.pki('rsa.pem'), '--x509keyfile', lab.pki('rsa.key')]
  await lab.serve(['gnutls-serv', '--http', '--port', '443', ...files, '--priority', server], /listening on IPv4/)
  await lab.client(['gnutls-cli', '--insecure', '--priority', client, '--sni-hostname', HOST, '-p', '443', SERVER_IP], {
    typed: ['GET / HTTP/1.0\n'],
    mayFail: true,
  })
}

async function nss(lab: Lab, serve: () => Promise<unknown>, client: readonly string[]): Promise<void> {
  lab.wire('cable')
  sh(
    `mkdir db && certutil -N -d sql:db --empty-password
     openssl pkcs12 -export -in ${lab.pki('rsa.pem')} -inkey ${lab.pki('rsa.key')} -name web -passout pass:x -out web.p12
     pk12util -i web.p12 -d sql:db -W x`,
    lab.temp,
  )
  await lab.capture()
  await serve()
  const argv = ['tstclnt', '-d', 'sql:db', '-h', SERVER_IP, '-a', HOST, '-p', '443', '-o', ...client]
  await lab.client(argv, { typed: ['GET /page.txt HTTP/1.0\n'], mayFail: true })
}

export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--ignore-certificate-errors',
  '--dump-dom',
  `--host-resolver-rules=MAP ${HOST} ${SERVER_IP}, MAP * ~NOTFOUND`,
]

export const PEERS: readonly Row[] = [
  {
    name: 'tls13-mlkem768-two-segments.pcap',
    shows: 'TLS 1.3 with the hybrid group X25519MLKEM768 (11ec): the ClientHello spans two TCP segments',
    peers: `${NODE24}, ${NODE24}`,
    how: '`tls.connect` to `tls.createServer`, default groups of OpenSSL 3.5',
    checks: {
      [`${TLS13} and tls.handshake.extensions_key_share_group == 4588`]: 1,
      [`${HELLO} and tcp.segment.count == 2`]: 1,
    },
    record: (lab) => nodeToNode(lab, {}, {}, 'node24'),
  },
  {
    name: 'tls13-secp256r1mlkem768.pcap',
    shows: 'TLS 1.3 with the hybrid group SecP256r1MLKEM768 (11eb)',
    peers: `${NODE24}, ${NODE24}`,
    how: "`ecdhCurve: 'SecP256r1MLKEM768'` at both ends",
    checks: { [`${TLS13} and tls.handshake.extensions_key_share_group == 4587`]: 1 },
    record: (lab) => nodeToNode(lab, { ecdhCurve: 'SecP256r1MLKEM768' }, { ecdhCurve: 'SecP256r1MLKEM768' }, 'node24'),
  },
  {
    name: 'tls13-mlkem1024-hrr.pcap',
    shows:
      'TLS 1.3: a server that only takes MLKEM1024 (0202, not hybrid) sends HelloRetryRequest to a client that shared X25519MLKEM768',
    peers: `${NODE24}, ${NODE24}`,
    how: "server `ecdhCurve: 'MLKEM1024'`, client `'X25519MLKEM768:MLKEM1024'`",
    checks: { [HELLO]: 2, [`${TLS13} and tls.handshake.extensions_key_share_group == 514`]: 1 },
    record: (lab) => nodeToNode(lab, { ecdhCurve: 'X25519MLKEM768:MLKEM1024' }, { ecdhCurve: 'MLKEM1024' }, 'node24'),
  },
  {
    name: 'tls13-mlkem-client-classic-server.pcap',
    shows: 'a client that offers X25519MLKEM768 meets a server that does not know it: x25519, no HelloRetryRequest',
    peers: `${NODE24}, ${NODE20}`,
    how: '`tls.connect` of Node 24 to `tls.createServer` of Node 20',
    checks: { [`${TLS13} and tls.handshake.extensions_key_share_group == 0x001d`]: 1, [HELLO]: 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNode(lab, {}, 'node20')
      await lab.client(lab.node('tls-client.mjs', { host: SERVER_IP, port: 443, servername: HOST }, 'node24'))
    },
  },
  {
    name: 'tls13-node20-alpn-http11.pcap',
    shows: 'TLS 1.3 of Node 20, ALPN http/1.1 offered (the answer is encrypted)',
    peers: `${NODE20}, ${NODE20}`,
    how: "`ALPNProtocols: ['http/1.1']` at both ends",
    checks: { [TLS13]: 1, [`${HELLO} and tls.handshake.extensions_alpn_str == "http/1.1"`]: 1 },
    record: (lab) => nodeToNode(lab, { ALPNProtocols: ['http/1.1'] }, { ALPNProtocols: ['http/1.1'] }),
  },
  {
    name: 'tls12-node20-ecdsa-alpn.pcap',
    shows: 'TLS 1.2 of Node 20 with an ECDSA chain; ALPN h2 chosen from h2 and http/1.1, readable in the ServerHello',
    peers: `${NODE20}, ${NODE20}`,
    how: "`maxVersion: 'TLSv1.2'`, `ALPNProtocols: ['h2', 'http/1.1']` at both ends",
    checks: { [`${SERVER_HELLO} and tls.handshake.extensions_alpn_str == "h2"`]: 1 },
    record: (lab) =>
      nodeToNode(
        lab,
        { ALPNProtocols: ['h2', 'http/1.1'], maxVersion: 'TLSv1.2' },
        { ALPNProtocols: ['h2', 'http/1.1'], maxVersion: 'TLSv1.2', key: lab.pki('ec.key'), cert: lab.pki('ec.pem') },
      ),
  },
  {
    name: 'tls-alpn-h2-nginx.pcap',
    shows: 'TLS 1.3, HTTP/2 over ALPN between two stock programs',
    peers: `${CURL}, ${NGINX}`,
    how: '`curl --http2` to `listen 443 ssl http2`',
    checks: { [TLS13]: 1, [`${HELLO} and tls.handshake.extensions_alpn_str == "h2"`]: 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNginx(lab, NGINX_TLS)
      await lab.client(['curl', '-sSk', '--http2', ...RESOLVE, URL])
    },
  },
  {
    name: 'tls12-nginx-curl.pcap',
    shows: 'TLS 1.2 of stock programs: c030, session ticket, ALPN h2 in the ServerHello, downgrade sentinel',
    peers: `${CURL}, ${NGINX}`,
    how: '`curl --tls-max 1.2` to nginx with TLS 1.2 and 1.3',
    checks: {
      [`${SERVER_HELLO} and tls.handshake.ciphersuite == 0xc030 and tls.handshake.extensions_alpn_str == "h2"`]: 1,
    },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNginx(lab, NGINX_TLS)
      await lab.client(['curl', '-sSk', '--tls-max', '1.2', ...RESOLVE, URL])
    },
  },
  {
    name: 'tls-chromium-nginx.pcap',
    shows:
      'a browser: GREASE values, shuffled extensions, X25519MLKEM768 share, GREASE ECH, ALPS; nginx chooses TLS 1.3 and x25519',
    peers: `Chromium 156 headless, ${NGINX}`,
    how: '`chromium --headless --disable-quic --dump-dom` with a fresh profile and `--host-resolver-rules`',
    checks: { [TLS13]: 'some', [`${HELLO} and tls.handshake.extension.type == 65037`]: 'some' },
    maxSeconds: 60,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'tcp port 443' })
      await serveNginx(lab, NGINX_TLS)
      await lab.client(['chromium', ...CHROMIUM_FLAGS, `--user-data-dir=${lab.temp}/profile`, URL], {
        timeoutMs: 40_000,
        mayFail: true,
      })
    },
  },
  {
    name: 'tls13-gnutls.pcap',
    shows: 'TLS 1.3 between GnuTLS peers: another order of extensions, record_size_limit',
    peers: GNUTLS,
    how: '`gnutls-cli --priority NORMAL` to `gnutls-serv --priority NORMAL`',
    checks: { [TLS13]: 1, [`${HELLO} and tls.handshake.extension.type == 28`]: 1 },
    record: (lab) => gnutls(lab, 'NORMAL', 'NORMAL'),
  },
  {
    name: 'tls12-3des.pcap',
    shows: 'TLS 1.2, c012 ECDHE-RSA-3DES-EDE-CBC-SHA: a 64-bit block cipher',
    peers: GNUTLS,
    how: 'priority `NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+3DES-CBC` at both ends',
    checks: { [`${SERVER_HELLO} and tls.handshake.ciphersuite == 0xc012`]: 1 },
    record: (lab) => {
      const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+3DES-CBC'
      return gnutls(lab, priority, priority)
    },
  },
  {
    name: 'tls12-rc4.pcap',
    shows: 'TLS 1.2, c011 ECDHE-RSA-RC4-128-SHA (forbidden by RFC 7465)',
    peers: GNUTLS,
    how: 'priority `NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+ARCFOUR-128` at both ends',
    checks: { [`${SERVER_HELLO} and tls.handshake.ciphersuite == 0xc011`]: 1 },
    record: (lab) => {
      const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+ARCFOUR-128'
      return gnutls(lab, priority, priority)
    },
  },
  {
    name: 'tls12-camellia.pcap',
    shows: 'TLS 1.2, c08b ECDHE-RSA-CAMELLIA256-GCM-SHA384',
    peers: GNUTLS,
    how: 'priority `NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-256-GCM` at both ends',
    checks: { [`${SERVER_HELLO} and tls.handshake.ciphersuite == 0xc08b`]: 1 },
    record: (lab) => {
      const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-256-GCM'
      return gnutls(lab, priority, priority)
    },
  },
  {
    name: 'tls12-no-renegotiation-info.pcap',
    shows: 'TLS 1.2 without renegotiation_info and without extended_master_secret from either end',
    peers: GNUTLS,
    how: 'priority `NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION:%NO_SESSION_HASH` at both ends',
    checks: {
      [SERVER_HELLO]: 1,
      'tls.handshake.extension.type == 65281': 0,
      'tls.handshake.extension.type == 23': 0,
      'tls.handshake.ciphersuite == 0x00ff': 0,
    },
    record: (lab) => {
      const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION:%NO_SESSION_HASH'
      return gnutls(lab, priority, priority)
    },
  },
  {
    name: 'tls12-nss-one-record.pcap',
    shows: 'TLS 1.2 of NSS: ServerHello, Certificate, ServerKeyExchange and ServerHelloDone share one TLS record',
    peers: NSS,
    how: '`selfserv -V tls1.2:tls1.2`, `tstclnt -V tls1.2:tls1.2`',
    checks: { [`${SERVER_HELLO} and tls.handshake.type == 14 and tls.record.length > 2000`]: 1 },
    record: (lab) => {
      const selfserv = ['selfserv', '-d', 'sql:db', '-n', 'web', '-p', '443', '-v', '-V', 'tls1.2:tls1.2']
      return nss(lab, () => lab.serve(selfserv, /About to call accept/), ['-V', 'tls1.2:tls1.2'])
    },
  },
  {
    name: 'tls13-ech-rejected.pcap',
    shows:
      'TLS 1.3 with a real Encrypted ClientHello: the outer SNI is public.example.test, the inner name cannot be seen; the server does not know ECH and goes on with the outer hello; the client ends with ech_required (encrypted)',
    peers: 'tstclnt of NSS 3.87, openssl s_server 3.0.19',
    how: '`tstclnt -N` with a configuration made by `peers/ech-config.mjs`',
    checks: {
      [`${HELLO} and tls.handshake.extension.type == 65037 and tls.handshake.extensions_server_name == "public.example.test"`]: 1,
      [TLS13]: 1,
      [`${SERVER_HELLO} and tls.handshake.extension.type == 65037`]: 0,
    },
    record: async (lab) => {
      const config = sh(`${lab.tools.node('node20')} ${join(import.meta.dirname, '../peers/ech-config.mjs')}`).trim()
      await nss(lab, () => serveOpenssl(lab, {}), ['-V', 'tls1.3:tls1.3', '-N', config])
    },
  },
  {
    name: 'pcapng-two-interfaces.pcapng',
    shows:
      'a pcapng file of two interfaces: the same server is met over the cable (10.11.0.3) and over its own loopback',
    peers: `${CURL}, openssl s_server 3.0.19`,
    how: '`dumpcap -i s0 -i lo`; `curl` from the client and from the server itself',
    checks: {
      [SERVER_HELLO]: 2,
      'frame.interface_id == 0 and tls.handshake.type == 1': 1,
      'frame.interface_id == 1 and tls.handshake.type == 1': 1,
    },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ interfaces: ['s0', 'lo'], tool: 'dumpcap' })
      await serveOpenssl(lab, { host: '0.0.0.0' })
      const url = `https://${HOST}/page.txt`
      await lab.client(['curl', '-sSk', ...RESOLVE, '--local-port', '40100', url])
      await lab.client(['curl', '-sSk', '--resolve', `${HOST}:443:127.0.0.1`, url], { at: 'server' })
    },
  },
]
