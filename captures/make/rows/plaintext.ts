import { HOST, SERVER_IP } from '../lab.ts'
import { serveNginx } from '../nginx.ts'
import type { Row } from '../row.ts'
import { CURL, NGINX, RESOLVE, serveNode } from './peers.ts'

const SITE = `http://${HOST}`
const NODE_HTTP = 'a Node 20 HTTP server'
const PLAIN = `listen ${SERVER_IP}:80; server_name ${HOST}; root %ROOT%;`
const NO_CREDENTIAL = { 'http.authorization': 0 }

interface WebRow {
  readonly name: string
  readonly shows: string
  /** Directives of the one server block behind the listening address. */
  readonly site?: string
  readonly curl: readonly (readonly string[])[]
  readonly checks: Row['checks']
  readonly node?: true
}

/** curl against nginx, or against a small server of Node's, over plain HTTP. */
function webRow({ name, shows, site = '', curl, checks, node }: WebRow): Row {
  return {
    name,
    shows,
    peers: `${CURL}, ${node ? NODE_HTTP : NGINX}`,
    how: `\`curl ${curl.map((args) => args.join(' ')).join('`, `curl ')}\`${site ? ` to nginx with \`${site}\`` : ''}`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      if (node) await lab.serve(lab.node('http-server.mjs', { host: SERVER_IP, port: 80 }), /ready/)
      else await serveNginx(lab, `server { ${PLAIN} ${site} }`)
      for (const args of curl) await lab.client(['curl', '-sS', ...RESOLVE, ...args], { mayFail: true })
    },
  }
}

const WEB: readonly WebRow[] = [
  {
    name: 'http-plain-get.pcap',
    shows: 'HTTP/1.1 GET, 200',
    curl: [[`${SITE}/`]],
    checks: {
      'http.request.method == "GET" and http.host == "web.example.test"': 1,
      'http.response.code == 200': 1,
      ...NO_CREDENTIAL,
    },
  },
  {
    name: 'http-post-basic-auth.pcap',
    shows: 'a POST with Basic credentials in the clear',
    node: true,
    curl: [
      ['-u', 'alice:not-a-secret', '-d', '{"amount":1}', '-H', 'content-type: application/json', `${SITE}/orders`],
    ],
    checks: { 'http.authorization contains "Basic"': 1, 'http.request.method == "POST"': 1 },
  },
  {
    name: 'http-bearer.pcap',
    shows: 'a GET with a bearer token in the clear',
    node: true,
    curl: [['-H', 'authorization: Bearer example-token-0001', `${SITE}/api/v1/items?page=2`]],
    checks: { 'http.authorization contains "Bearer"': 1 },
  },
  {
    name: 'http-form-login.pcap',
    shows: 'a login form posted in the clear; the session cookie has no Secure, HttpOnly or SameSite',
    site: "location = /login { add_header Set-Cookie 'session=0001; Path=/' always; return 303 /; }",
    curl: [['-d', 'user=alice&password=not-a-secret', `${SITE}/login`]],
    checks: { 'http.request.method == "POST" and urlencoded-form.key == "password"': 1, 'http.set_cookie': 1 },
  },
  {
    name: 'http-redirect-to-https.pcap',
    shows: 'a 301 to https, nothing else',
    site: 'return 301 https://$host$request_uri;',
    curl: [[`${SITE}/account`]],
    checks: { 'http.response.code == 301 and http.location contains "https://"': 1 },
  },
  {
    name: 'http-hsts-cookies.pcap',
    shows:
      'Strict-Transport-Security over plain HTTP (without effect) and two cookies, one with all flags, one with none',
    site: "add_header Strict-Transport-Security 'max-age=31536000' always; add_header Set-Cookie 'a=1; Secure; HttpOnly; SameSite=Lax' always; add_header Set-Cookie 'b=2' always;",
    curl: [[`${SITE}/`]],
    checks: {
      'http.response.line contains "Strict-Transport-Security"': 1,
      'http.set_cookie contains "Secure"': 1,
      'http.set_cookie == "b=2"': 1,
    },
  },
  {
    name: 'http-keepalive.pcap',
    shows: 'three requests on one connection: 200, 404, HEAD',
    curl: [[`${SITE}/`, `${SITE}/missing`, '--next', '--head', ...RESOLVE, `${SITE}/`]],
    checks: {
      'http.request': 3,
      'http.response.code == 404': 1,
      'http.request.method == "HEAD"': 1,
      'tcp.flags.syn == 1 and tcp.flags.ack == 0': 1,
    },
  },
  {
    name: 'http-chunked.pcap',
    shows: 'a chunked answer with a trailer, over several segments',
    node: true,
    curl: [[`${SITE}/chunked`]],
    checks: { 'http.transfer_encoding == "chunked"': 1 },
  },
  {
    name: 'http-expect-continue.pcap',
    shows: 'a PUT that waits for 100 Continue before its body',
    node: true,
    curl: [['-H', 'Expect: 100-continue', '-X', 'PUT', '-d', 'a body\n', `${SITE}/upload`]],
    checks: { 'http.response.code == 100': 1, 'http.response.code == 200': 1 },
  },
  {
    name: 'http10-no-host.pcap',
    shows: 'HTTP/1.0 without a Host header',
    curl: [['-0', '-H', 'Host:', `${SITE}/`]],
    checks: { 'http.request.version == "HTTP/1.0"': 1, 'http.host': 0 },
  },
  {
    name: 'http2-prior-knowledge.pcap',
    shows: 'HTTP/2 in the clear with prior knowledge',
    site: `listen ${SERVER_IP}:8080 http2;`,
    curl: [['--http2-prior-knowledge', '--resolve', `${HOST}:8080:${SERVER_IP}`, `${SITE}:8080/`]],
    checks: { 'frame contains "PRI * HTTP/2.0"': 1 },
  },
  {
    name: 'http-port-reuse.pcap',
    shows: 'two connections one after the other with the same addresses and ports: two flows, one five-tuple',
    curl: [
      ['--local-port', '40123', `${SITE}/`],
      ['--local-port', '40123', `${SITE}/missing`],
    ],
    checks: { 'tcp.flags.syn == 1 and tcp.flags.ack == 0 and tcp.srcport == 40123': 2, 'http.request': 2 },
  },
]

const OTHERS: readonly Row[] = [
  {
    name: 'http-on-443.pcap',
    shows: 'plain HTTP to port 443 where a TLS server listens: nginx answers 400 in the clear',
    peers: `${CURL}, ${NGINX}`,
    how: '`curl http://web.example.test:443/`',
    checks: {
      'tcp.dstport == 443 and frame contains "GET / HTTP/1.1"': 1,
      'tcp.srcport == 443 and frame contains "400 Bad Request"': 1,
    },
    decodeAs: ['tcp.port==443,http'],
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNginx(
        lab,
        `server { listen ${SERVER_IP}:443 ssl; ssl_certificate %PKI%/rsa.pem; ssl_certificate_key %PKI%/rsa.key; }`,
      )
      await lab.client(['curl', '-sS', ...RESOLVE, `http://${HOST}:443/`])
    },
  },
  {
    name: 'http-pipelined.pcap',
    shows: 'three requests in one segment, three answers in order',
    peers: `a Node 20 TCP client, ${NGINX}`,
    how: 'three requests written at once, the last with `connection: close`',
    checks: {
      'http.request': 1,
      'tcp.flags.syn == 1 and tcp.flags.ack == 0': 1,
      'frame contains "/two" and frame contains "/three"': 1,
    },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNginx(lab, `server { ${PLAIN} location / { return 200 "$uri\\n"; } }`)
      const lines = [
        `GET /one HTTP/1.1\r\nhost: ${HOST}\r\n\r\nGET /two HTTP/1.1\r\nhost: ${HOST}\r\n\r\nGET /three HTTP/1.1\r\nhost: ${HOST}\r\nconnection: close\r\n\r\n`,
      ]
      await lab.client(lab.node('tcp-client.mjs', { host: SERVER_IP, port: 80, lines }))
    },
  },
  {
    name: 'http-websocket.pcap',
    shows: 'an upgrade to WebSocket in the clear',
    peers: `the WebSocket client of Node 24.21.0, ${NODE_HTTP}`,
    how: '`new WebSocket("ws://10.11.0.3/live")`',
    checks: { 'http.response.code == 101': 1, websocket: 'some' },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await lab.serve(lab.node('http-server.mjs', { host: SERVER_IP, port: 80 }), /ready/)
      await lab.client(lab.node('ws-client.mjs', { url: `ws://${SERVER_IP}/live` }, 'node24'))
    },
  },
  {
    name: 'http-connect-proxy-tls.pcap',
    shows: 'CONNECT through a proxy on 3128, then TLS 1.3 inside the same connection',
    peers: `${CURL}, a Node 20 CONNECT proxy in front of Node 20 TLS`,
    how: '`curl --proxy http://10.11.0.3:3128 https://web.example.test/`',
    checks: { 'http.request.method == "CONNECT"': 1, 'tls.handshake.type == 1': 1, 'tls.handshake.type == 2': 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNode(lab, { host: '127.0.0.1' })
      await lab.serve(lab.node('connect-proxy.mjs', { host: SERVER_IP, port: 3128 }), /ready/)
      await lab.client(['curl', '-sSk', '--proxy', `http://${SERVER_IP}:3128`, `https://${HOST}/`])
    },
  },
  {
    name: 'http-connect-proxy-refused.pcap',
    shows: 'CONNECT refused with 407; the proxy password crosses in the clear',
    peers: `${CURL}, a Node 20 CONNECT proxy`,
    how: '`curl --proxy-user alice:not-a-secret`',
    checks: { 'http.response.code == 407': 1, 'http.proxy_authorization': 1, tls: 0 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      const refuse = '407 Proxy Authentication Required'
      await lab.serve(lab.node('connect-proxy.mjs', { host: SERVER_IP, port: 3128, refuse }), /ready/)
      const proxy = ['--proxy', `http://${SERVER_IP}:3128`, '--proxy-user', 'alice:not-a-secret']
      await lab.client(['curl', '-sSk', ...proxy, `https://${HOST}/`], { mayFail: true })
    },
  },
  smtpRow('smtp-starttls.pcap', 'SMTP that goes over to TLS 1.3 by STARTTLS; the login is inside', 'offer', {
    'smtp.req.command == "STAR"': 1,
    'tls.handshake.type == 2': 1,
    'smtp.req.command == "AUTH"': 0,
  }),
  smtpRow(
    'smtp-starttls-refused.pcap',
    'STARTTLS offered and refused with 454: the login and the mail cross in the clear',
    'refuse',
    {
      'smtp.req.command == "STAR"': 1,
      'smtp.response.code == 454': 1,
      'smtp.req.command == "AUTH"': 'some',
      tls: 0,
    },
  ),
  smtpRow('smtp-auth-plain.pcap', 'SMTP without STARTTLS: AUTH PLAIN and the mail in the clear', 'hide', {
    'smtp.req.command == "AUTH"': 'some',
    tls: 0,
  }),
]

function smtpRow(name: string, shows: string, starttls: string, checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: `${CURL}, a Node 20 SMTP server`,
    how: starttls === 'offer' ? '`curl --ssl-reqd smtp://`' : '`curl --ssl smtp://` (takes TLS if it can)',
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      const files = { key: lab.pki('rsa.key'), cert: lab.pki('rsa.pem') }
      await lab.serve(lab.node('smtp-server.mjs', { host: SERVER_IP, port: 25, starttls, ...files }), /ready/)
      const mail = [
        '--mail-from',
        'a@example.test',
        '--mail-rcpt',
        'b@example.test',
        '-T',
        '-',
        '-u',
        'alice:not-a-secret',
      ]
      const ssl = starttls === 'offer' ? '--ssl-reqd' : '--ssl'
      const input = 'Subject: hello\r\n\r\nhello\r\n'
      await lab.client(['curl', '-sSk', ssl, ...mail, `smtp://${SERVER_IP}:25/client.example.test`], {
        input,
        mayFail: starttls === 'refuse',
      })
    },
  }
}

export const PLAINTEXT: readonly Row[] = [...WEB.map(webRow), ...OTHERS]
