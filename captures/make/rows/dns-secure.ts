/** DNS over TLS, HTTPS and QUIC, and RADIUS over TLS: what is known from elsewhere, inside of what protects it. */
import { join } from 'node:path'
import { CLIENT_IP, type Lab, SERVER_IP } from '../lab.ts'
import { file, type NetworkRow, row, serveQuietly } from '../network.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'
import { serveRadius } from './access.ts'

const NAME = 'web.example.test'
const UNBOUND = 'Unbound 1.17.1'
const KDIG = 'kdig 3.2.6'
const HANDSHAKE = 'tls.handshake.type == 2'

/** Unbound with one name of its own. `listen` = "@853" and such, with the settings that belong to them. */
async function serveUnbound(lab: Lab, listen: readonly string[], settings: readonly string[] = []): Promise<void> {
  const config = file(
    lab,
    'unbound.conf',
    `server:
${[...listen.map((port) => `interface: ${SERVER_IP}${port}`), ...settings].map((line) => ` ${line}`).join('\n')}
 access-control: 10.11.0.0/24 allow
 tls-service-key: "${lab.pki('rsa.key')}"
 tls-service-pem: "${lab.pki('rsa.pem')}"
 local-data: "${NAME}. A ${SERVER_IP}"
 username: ""
 chroot: ""
 use-syslog: no
 pidfile: "${lab.temp}/unbound.pid"
 do-daemonize: no
remote-control:
 control-enable: no
`,
  )
  await lab.serve(['unbound', '-d', '-c', config], /start of service/)
}

const kdig = (lab: Lab, ...args: string[]) =>
  lab.client(['kdig', '+retry=0', '+timeout=2', `@${SERVER_IP}`, NAME, ...args], { mayFail: true })

const DNS: readonly NetworkRow[] = [
  {
    name: 'dns-over-tls.pcap',
    shows: 'DNS over TLS: nothing but TLS is to be seen',
    peers: `${KDIG}, ${UNBOUND}`,
    how: '`kdig +tls`',
    checks: { [HANDSHAKE]: 1, dns: 0 },
    talk: async (lab) => {
      await serveUnbound(lab, ['@853'], ['tls-port: 853'])
      await kdig(lab, '+tls')
    },
  },
  {
    name: 'dns-over-tls-refused.pcap',
    shows:
      'DNS over TLS asked of a server that only has DNS over TCP on that port: it takes the ClientHello for a query',
    peers: `${KDIG}, ${UNBOUND}`,
    how: '`kdig +tls -p 53`',
    checks: { 'tls.handshake.type == 1': 1, [HANDSHAKE]: 0 },
    decodeAs: ['tcp.port==53,tls'],
    talk: async (lab) => {
      await serveUnbound(lab, ['@53'])
      await kdig(lab, '+tls', '-p', '53')
    },
  },
  {
    name: 'dns-over-tls-optional.pcap',
    shows: 'one server with DNS in the clear and over TLS, asked both ways',
    peers: `${KDIG}, ${UNBOUND}`,
    how: '`kdig +tcp`, `kdig +tls`',
    checks: { 'dns and tcp': 2, [HANDSHAKE]: 1 },
    talk: async (lab) => {
      await serveUnbound(lab, ['@53', '@853'], ['tls-port: 853'])
      await kdig(lab, '+tcp')
      await kdig(lab, '+tls')
    },
  },
  {
    name: 'dns-over-https.pcap',
    shows: 'DNS over HTTPS: TLS whose client offers HTTP/2 alone',
    peers: `${KDIG}, ${UNBOUND}`,
    how: '`kdig +https`',
    checks: { 'tls.handshake.extensions_alpn_str == "h2"': 'some', [HANDSHAKE]: 1, dns: 0 },
    talk: async (lab) => {
      await serveUnbound(lab, ['@443'], ['https-port: 443'])
      await kdig(lab, '+https')
    },
  },
  {
    name: 'dns-over-http2-clear.pcap',
    shows: 'the same without TLS, as behind a proxy that ends it: a query in the URL of a request of HTTP/2',
    peers: `curl 7.88.1, ${UNBOUND} with \`http-notls-downstream: yes\``,
    how: '`curl --http2-prior-knowledge http://10.11.0.3:8053/dns-query?dns=…`',
    checks: { 'frame contains "PRI * HTTP/2.0"': 1, tls: 0 },
    talk: async (lab) => {
      await serveUnbound(lab, ['@8053'], ['https-port: 8053', 'http-notls-downstream: yes'])
      // RFC 8484 §4.1: a query for the address of web.example.test, in base64url.
      const query = Buffer.from('00000100000100000000000003776562076578616d706c65047465737400000100', 'hex')
      const url = `http://${SERVER_IP}:8053/dns-query?dns=${Buffer.concat([query, Buffer.from([1])]).toString('base64url')}`
      const argv = [
        'curl',
        '-sS',
        '-o',
        '/dev/null',
        '-H',
        'accept: application/dns-message',
        '--http2-prior-knowledge',
      ]
      await lab.client([...argv, url], { mayFail: true })
    },
  },
]

/** Knot answers over QUIC by XDP alone: what it sends is seen where it arrives. */
const DNS_OVER_QUIC: Row = {
  name: 'dns-over-quic.pcap',
  shows: 'DNS over QUIC: the ALPN "doq" in the ClientHello of its Initials',
  peers: `${KDIG}, Knot DNS 3.2.6`,
  how: '`kdig +quic`, `xdp: quic: on` in knot.conf',
  checks: {
    'tls.handshake.type == 1 and tls.handshake.extensions_alpn_str == "doq"': 1,
    'quic and tls.handshake.type == 2': 'some',
  },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ at: 'client', interfaces: ['c0'], filter: 'udp port 853' })
    sh('mkdir -p run db', lab.temp)
    file(lab, 'zone', '$TTL 60\n@ SOA ns root 1 60 60 60 60\n@ NS ns\nns A 10.11.0.3\nweb A 10.11.0.3\n')
    const config = file(
      lab,
      'knot.conf',
      `server:
  listen: ${SERVER_IP}@53
  rundir: ${lab.temp}/run
  user: root:root
  cert-file: ${lab.pki('ec.pem')}
  key-file: ${lab.pki('ec.key')}
xdp:
  listen: s0
  udp: on
  quic: on
database:
  storage: ${lab.temp}/db
log:
  - target: stderr
    any: info
zone:
  - domain: example.test
    storage: ${lab.temp}
    file: zone
`,
    )
    await lab.serve(['knotd', '-c', config], /server started/)
    await kdig(lab, '+quic')
  },
}

const RADSECPROXY = 'radsecproxy 1.9.2'
const RADCLIENT = 'radclient 3.2.1'
const FREERADIUS = 'FreeRADIUS 3.2.1 of Debian'

/** A listener of FreeRADIUS's over TCP, with TLS or without. */
const listenTcp = (lab: Lab, tls: boolean): string => `
  listen {
    type = auth
    ipaddr = ${SERVER_IP}
    port = ${tls ? 2083 : 1812}
    proto = tcp
    ${
      tls
        ? `tls {
      private_key_file = ${lab.pki('rsa.key')}
      certificate_file = ${lab.pki('rsa.pem')}
      ca_file = ${lab.pki('ec-root.pem')}
      require_client_cert = yes
      tls_min_version = "1.2"
      tls_max_version = "1.2"
    }
    clients = radsec`
        : 'clients = plain'
    }
  }
`

const CLIENTS = `
clients radsec { client lab {
  ipaddr = ${CLIENT_IP}
  proto = tls
  secret = radsec
} }
clients plain { client lab {
  ipaddr = ${CLIENT_IP}
  proto = tcp
  secret = not-a-secret
} }
`

const LOGIN = { input: 'User-Name = "alice", User-Password = "not-a-secret"\n', mayFail: true }

const RADIUS: readonly NetworkRow[] = [
  {
    name: 'radius-radsec.pcap',
    shows: 'RadSec: RADIUS inside of TLS 1.2 with certificates at both ends',
    peers: `${RADCLIENT} behind ${RADSECPROXY}, ${FREERADIUS}`,
    how: '`radclient` to `radsecproxy` on its own host; `server { type tls }`',
    checks: { [HANDSHAKE]: 1, 'tls.handshake.type == 13': 1, radius: 0 },
    talk: async (lab) => {
      await serveRadius(lab, listenTcp(lab, true), CLIENTS)
      const config = file(
        lab,
        'radsecproxy.conf',
        `ListenUDP 127.0.0.1:1812
LogDestination file://${join(lab.temp, 'radsecproxy.log')}
tls default {
  CACertificateFile ${lab.pki('rsa-root.pem')}
  CertificateFile ${lab.pki('client.pem')}
  CertificateKeyFile ${lab.pki('client.key')}
}
client local {
 host 127.0.0.1
 type udp
 secret not-a-secret
}
server far {
 host ${SERVER_IP}
 type tls
 secret radsec
 certificateNameCheck off
}
realm * {
 server far
}
`,
      )
      await serveQuietly(lab, `radsecproxy -f -c ${config}`, 2, 'client')
      await lab.client(['radclient', '-r', '1', '127.0.0.1:1812', 'auth', 'not-a-secret'], LOGIN)
    },
  },
  {
    name: 'radius-tcp.pcap',
    shows: 'RADIUS over TCP without TLS: the same messages as over UDP, a password hidden by MD5',
    peers: `${RADCLIENT}, ${FREERADIUS}`,
    how: '`radclient -P tcp`',
    // tshark reads RADIUS over UDP alone.
    checks: { 'tcp.port == 1812 and tcp.len > 0': 2, 'frame contains "alice"': 1 },
    talk: async (lab) => {
      await serveRadius(lab, listenTcp(lab, false), CLIENTS)
      await lab.client(['radclient', '-P', 'tcp', '-r', '1', `${SERVER_IP}:1812`, 'auth', 'not-a-secret'], LOGIN)
    },
  },
]

export const DNS_SECURE: readonly Row[] = [...DNS.map(row), DNS_OVER_QUIC]
export const RADIUS_SECURE: readonly Row[] = RADIUS.map(row)
