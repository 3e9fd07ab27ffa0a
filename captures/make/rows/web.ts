/** What HTTP is asked with and wrapped in: HTTP/2, gRPC, PROXY protocol, signatures and tokens. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENT_IP, HOST, type Lab, SERVER_IP } from '../lab.ts'
import { serveNginx } from '../nginx.ts'
import type { Row } from '../row.ts'
import { CURL, NGINX, RESOLVE } from './peers.ts'

const SITE = `http://${HOST}`
const NGHTTPD = 'nghttpd 1.52.0'
const HAPROXY = 'HAProxy 2.6.12'
const AWS_KEYS = ['-u', 'AKIAIOSFODNN7EXAMPLE:not-a-secret']

const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
/** An unsigned token that ended in 2001 and holds nothing. */
const TOKEN = `${segment({ alg: 'none', typ: 'JWT' })}.${segment({ sub: 'alice', exp: 1_000_000_000 })}.`

interface CurlRow {
  readonly name: string
  readonly shows: string
  readonly curl: readonly string[]
  readonly checks: Row['checks']
  readonly listen?: string
  readonly site?: string
}

const REQUESTS: readonly CurlRow[] = [
  {
    name: 'http-aws-sigv4.pcap',
    shows: 'a request signed with AWS4-HMAC-SHA256: a proof, and no secret, in the clear',
    curl: ['--aws-sigv4', 'aws:amz:eu-central-1:s3', ...AWS_KEYS, `${SITE}/bucket/key`],
    checks: { 'http.authorization contains "AWS4-HMAC-SHA256"': 1 },
  },
  {
    name: 'http-aws-presigned.pcap',
    shows: 'a presigned URL in the clear: whoever reads it may repeat the request',
    curl: [
      `${SITE}/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=${'0'.repeat(64)}`,
    ],
    checks: { 'http.request.uri contains "X-Amz-Signature"': 1 },
  },
  {
    name: 'http-jwt-none.pcap',
    shows: 'a bearer token that is an unsigned JWT past its end, accepted',
    curl: ['-H', `authorization: Bearer ${TOKEN}`, `${SITE}/`],
    checks: { 'http.authorization contains "Bearer"': 1, 'http.response.code == 200': 1 },
  },
  {
    name: 'http-prometheus-scrape.pcap',
    shows: 'a Prometheus scrape in the clear, told by its request fields',
    site: 'location /metrics { return 200 "up 1\\n"; }',
    curl: [
      '-H',
      'accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5',
      '-H',
      'x-prometheus-scrape-timeout-seconds: 10',
      `${SITE}/metrics`,
    ],
    checks: { 'http.request.uri == "/metrics"': 1 },
  },
  {
    name: 'proxy-protocol-1.pcap',
    shows: 'PROXY protocol version 1 in front of HTTP',
    listen: `listen ${SERVER_IP}:80 proxy_protocol;`,
    curl: ['--haproxy-protocol', `${SITE}/`],
    checks: { 'frame contains "PROXY TCP4"': 1, 'frame contains "HTTP/1.1 200"': 1 },
  },
]

const curlRow = ({ name, shows, curl, checks, site = '', listen = `listen ${SERVER_IP}:80;` }: CurlRow): Row => ({
  name,
  shows,
  peers: `${CURL}, ${NGINX}`,
  how: `\`curl ${curl.join(' ').slice(0, 120)}\``,
  checks,
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture()
    await serveNginx(
      lab,
      `server { ${listen} server_name ${HOST}; root %ROOT%; error_page 404 =200 /index.html; ${site} }`,
    )
    await lab.client(['curl', '-sS', ...RESOLVE, ...curl])
  },
})

const nghttpd = (lab: Lab): Promise<unknown> =>
  lab.serve(['nghttpd', '--no-tls', '-v', '-a', SERVER_IP, '-d', lab.temp, '8080'], /listen/)

const OTHERS: readonly Row[] = [
  {
    name: 'http2-upgrade.pcap',
    shows: 'HTTP/1.1 that goes over to HTTP/2 in the clear by Upgrade: h2c',
    peers: `${CURL}, nghttpx 1.52.0 in front of ${NGINX}`,
    how: '`curl --http2`',
    checks: { 'frame contains "Upgrade: h2c"': 'some', 'frame contains "101 Switching"': 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNginx(lab, 'server { listen 127.0.0.1:80; root %ROOT%; }')
      await lab.serve(
        [
          'nghttpx',
          '-f',
          `${SERVER_IP},8080;no-tls`,
          '-b',
          '127.0.0.1,80',
          '--workers=1',
          '-L',
          'INFO',
          '--conf=/dev/null',
        ],
        /Listening on/,
      )
      await lab.client(['curl', '-sS', '--http2', `http://${SERVER_IP}:8080/`])
    },
  },
  {
    name: 'grpc-clear.pcap',
    shows: 'a gRPC call in the clear with a bearer token: the request of a gRPC client, sent by nghttp',
    peers: `nghttp 1.52.0, ${NGHTTPD}`,
    how: "`nghttp -H 'content-type: application/grpc' -H 'authorization: Bearer …' -d message`",
    checks: { 'frame contains "PRI * HTTP/2.0"': 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      writeFileSync(join(lab.temp, 'message'), Buffer.from([0, 0, 0, 0, 2, 8, 1]))
      await nghttpd(lab)
      const fields = ['content-type: application/grpc', 'te: trailers', 'authorization: Bearer example-token-0001']
      const options = fields.flatMap((field) => ['-H', field])
      const url = `http://${SERVER_IP}:8080/example.Orders/List`
      await lab.client(['nghttp', '-n', '-d', join(lab.temp, 'message'), ...options, url])
    },
  },
  {
    name: 'proxy-protocol-2-tls.pcap',
    shows: 'PROXY protocol version 2 in front of TLS 1.3, between a proxy and its server',
    peers: `${CURL} behind ${HAPROXY}, ${NGINX}`,
    how: '`server … send-proxy-v2`',
    checks: { 'frame[66:12] == 0d:0a:0d:0a:00:0d:0a:51:55:49:54:0a': 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveNginx(
        lab,
        `server { listen ${SERVER_IP}:443 ssl proxy_protocol; ssl_certificate %PKI%/rsa.pem; ssl_certificate_key %PKI%/rsa.key; root %ROOT%; }`,
      )
      const file = join(lab.temp, 'haproxy.cfg')
      writeFileSync(
        file,
        `global
  log stdout format raw local0
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend in
  bind ${CLIENT_IP}:8443
  default_backend out
backend out
  server one ${SERVER_IP}:443 send-proxy-v2
`,
      )
      await lab.serve(['haproxy', '-W', '-f', file], /Loading success|forked/, { at: 'client' })
      await lab.client(['curl', '-sSk', '--resolve', `${HOST}:8443:${CLIENT_IP}`, `https://${HOST}:8443/`])
    },
  },
]

export const WEB: readonly Row[] = [...REQUESTS.map(curlRow), ...OTHERS]
