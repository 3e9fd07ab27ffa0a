/** etcd, Docker and Kubernetes: programs' interfaces over HTTP, with TLS and without. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Lab, SERVER_IP } from '../lab.ts'
import { serveNginx } from '../nginx.ts'
import type { Row } from '../row.ts'
import { cableRow } from './cable-row.ts'
import { NGINX } from './peers.ts'

const HANDSHAKE = { 'tls.handshake.type == 2': 'some' } as const
const ETCD = 'etcdctl 3.4.23, etcd 3.4.23 of Debian'

async function serveEtcd(lab: Lab, tls: boolean): Promise<void> {
  const url = `${tls ? 'https' : 'http'}://${SERVER_IP}:2379`
  const files = tls ? ['--cert-file', lab.pki('rsa.pem'), '--key-file', lab.pki('rsa.key')] : []
  const cluster = ['--listen-peer-urls', 'http://127.0.0.1:2380', '--initial-advertise-peer-urls']
  const members = ['http://127.0.0.1:2380', '--initial-cluster', 'default=http://127.0.0.1:2380']
  const urls = ['--listen-client-urls', url, '--advertise-client-urls', url]
  const argv = ['etcd', '--data-dir', join(lab.temp, 'etcd'), ...urls, ...cluster, ...members, ...files]
  await lab.serve(argv, /ready to serve client requests/)
}

const etcdctl = (lab: Lab, scheme: string, ...args: string[]) =>
  lab.client(['etcdctl', `--endpoints=${scheme}://${SERVER_IP}:2379`, '--command-timeout=4s', ...args], {
    env: { ETCDCTL_API: '3' },
    mayFail: true,
  })

const ETCD_ROWS: readonly Row[] = [
  cableRow(
    'etcd-clear.pcap',
    'etcd version 3 in the clear: gRPC, a key and its value',
    ETCD,
    '`etcdctl put colour blue`',
    { 'frame contains "PRI * HTTP/2.0"': 1, 'frame contains "colour"': 1 },
    async (lab) => {
      await serveEtcd(lab, false)
      await etcdctl(lab, 'http', 'put', 'colour', 'blue')
    },
  ),
  cableRow(
    'etcd-tls.pcap',
    'etcd over TLS: nothing but TLS is to be seen',
    ETCD,
    '`etcdctl --cacert` to `https://`',
    HANDSHAKE,
    async (lab) => {
      await serveEtcd(lab, true)
      await etcdctl(lab, 'https', '--insecure-skip-tls-verify', 'put', 'colour', 'blue')
    },
  ),
  cableRow(
    'etcd-tls-refused.pcap',
    'a client of etcd with TLS at a server without: its ClientHello goes unanswered',
    ETCD,
    '`etcdctl` to `https://`, server `http://`',
    { 'tls.handshake.type == 1': 'some', 'tls.handshake.type == 2': 0 },
    async (lab) => {
      await serveEtcd(lab, false)
      await etcdctl(lab, 'https', '--insecure-skip-tls-verify', 'put', 'colour', 'blue')
    },
    { decodeAs: ['tcp.port==2379,tls'] },
  ),
]

const DOCKER = 'docker 28.2.2, dockerd 20.10.24 of Debian'

/** The daemon of a machine that may start no container is asked about itself alone. */
async function serveDocker(lab: Lab, tls: boolean): Promise<void> {
  const folder = (name: string): string => {
    mkdirSync(join(lab.temp, name), { recursive: true })
    return join(lab.temp, name)
  }
  const pki = [
    `--tlscacert=${lab.pki('ec-root.pem')}`,
    `--tlscert=${lab.pki('rsa.pem')}`,
    `--tlskey=${lab.pki('rsa.key')}`,
  ]
  const state = ['--data-root', folder('root'), '--exec-root', folder('exec'), '-p', join(lab.temp, 'pid')]
  const none = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver', 'vfs']
  const at = ['-H', `tcp://${SERVER_IP}:${tls ? 2376 : 2375}`, ...(tls ? ['--tls', ...pki] : ['--tls=false'])]
  // It wants control groups, which the /sys of a network namespace has not.
  const mounts = ['nsenter', `--mount=/proc/${process.pid}/ns/mnt`, '--']
  await lab.serve([...mounts, 'dockerd', ...none, ...state, ...at], /API listen on/)
}

const docker = (lab: Lab, port: number, ...args: string[]) =>
  lab.client(['docker', '-H', `tcp://${SERVER_IP}:${port}`, ...args], { env: { HOME: lab.temp }, mayFail: true })

const DOCKER_ROWS: readonly Row[] = [
  cableRow(
    'docker-clear.pcap',
    "Docker's API in the clear: whoever reaches it is root",
    DOCKER,
    '`docker -H tcp://10.11.0.3:2375 version`, `docker ps`',
    { 'http.request.uri contains "/version"': 1, 'http.server contains "Docker"': 'some' },
    async (lab) => {
      await serveDocker(lab, false)
      await docker(lab, 2375, 'version')
      await docker(lab, 2375, 'ps')
    },
    { maxSeconds: 60, decodeAs: ['tcp.port==2375,http'] },
  ),
  cableRow(
    'docker-tls.pcap',
    "Docker's API over TLS: nothing but TLS is to be seen",
    DOCKER,
    '`docker --tls version`, server `--tls`',
    HANDSHAKE,
    async (lab) => {
      await serveDocker(lab, true)
      const own = ['--tlscert', lab.pki('client.pem'), '--tlskey', lab.pki('client.key')]
      await docker(lab, 2376, '--tls', '--tlscacert', lab.pki('rsa-root.pem'), ...own, 'version')
    },
    { maxSeconds: 60, decodeAs: ['tcp.port==2376,tls'] },
  ),
  cableRow(
    'docker-tls-refused.pcap',
    "Docker's API over TLS, asked without: the server says so in the clear and closes",
    DOCKER,
    '`docker version`, server `--tls`',
    { 'frame contains "sent an HTTP request to an HTTPS server"': 'some', tls: 0 },
    async (lab) => {
      await serveDocker(lab, true)
      await docker(lab, 2376, 'version')
    },
    { maxSeconds: 60, decodeAs: ['tcp.port==2376,http'] },
  ),
]

const KUBECTL = `kubectl 1.32, ${NGINX} with answers after the Kubernetes API reference`
const NAMESPACES = '{"kind":"NamespaceList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'
const API = `default_type application/json; location /api/v1/namespaces { return 200 '${NAMESPACES}'; }`

/** Its HOME is the lab's: what it caches, and whom it knows. */
const kubectl = (lab: Lab, server: string, ...args: string[]) =>
  lab.client(['kubectl', `--server=${server}`, ...args, 'get', '--raw', '/api/v1/namespaces'], {
    env: { HOME: lab.temp },
    mayFail: true,
  })

/** Debian has no API server: the client is real, the server's answers are the specification's. */
const KUBERNETES_ROWS: readonly Row[] = [
  cableRow(
    'kubernetes-clear.pcap',
    "Kubernetes' API in the clear, as behind `kubectl proxy`",
    KUBECTL,
    '`kubectl --server=http://10.11.0.3:8001 get --raw /api/v1/namespaces`',
    { 'http.request.uri == "/api/v1/namespaces"': 1, 'http.response.code == 200': 1 },
    async (lab) => {
      await serveNginx(lab, `server { listen ${SERVER_IP}:8001; ${API} }`)
      await kubectl(lab, `http://${SERVER_IP}:8001`)
    },
    { decodeAs: ['tcp.port==8001,http'] },
  ),
  cableRow(
    'kubernetes-token.pcap',
    "Kubernetes' API in the clear with the bearer token of a service account, refused",
    'curl 7.88.1, the same server',
    "`curl -H 'authorization: Bearer …'`",
    { 'http.authorization contains "Bearer"': 1, 'http.response.code == 401': 1 },
    async (lab) => {
      const refusal = '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}'
      await serveNginx(
        lab,
        `server { listen ${SERVER_IP}:8001; location / { default_type application/json; return 401 '${refusal}'; } }`,
      )
      const url = `http://${SERVER_IP}:8001/api/v1/namespaces`
      await lab.client(['curl', '-sS', '-H', 'authorization: Bearer example-token-0001', url])
    },
    { decodeAs: ['tcp.port==8001,http'] },
  ),
  cableRow(
    'kubernetes-tls.pcap',
    "Kubernetes' API over TLS with a client certificate, which TLS 1.3 hides",
    KUBECTL,
    '`kubectl --server=https://10.11.0.3:6443 --client-certificate … get --raw /api/v1/namespaces`',
    HANDSHAKE,
    async (lab) => {
      const files = `ssl_certificate ${lab.pki('rsa.pem')}; ssl_certificate_key ${lab.pki('rsa.key')};`
      const clients = `ssl_verify_client optional_no_ca; ssl_protocols TLSv1.3;`
      await serveNginx(lab, `server { listen ${SERVER_IP}:6443 ssl http2; ${files} ${clients} ${API} }`)
      const own = [`--client-certificate=${lab.pki('client.pem')}`, `--client-key=${lab.pki('client.key')}`]
      await kubectl(lab, `https://${SERVER_IP}:6443`, '--insecure-skip-tls-verify', ...own)
    },
    { decodeAs: ['tcp.port==6443,tls'] },
  ),
]

/** Users are made before anything is recorded. */
function etcdLogin(name: string, shows: string, password: string, checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: ETCD,
    how: `\`etcdctl --user root:${password} get colour\` behind \`etcdctl auth enable\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await serveEtcd(lab, false)
      await etcdctl(lab, 'http', 'user', 'add', 'root:not-a-secret')
      await etcdctl(lab, 'http', 'user', 'grant-role', 'root', 'root')
      await etcdctl(lab, 'http', 'auth', 'enable')
      await lab.capture({ filter: 'tcp port 2379' })
      await etcdctl(lab, 'http', '--user', `root:${password}`, 'get', 'colour')
    },
  }
}

const ETCD_LOGINS: readonly Row[] = [
  etcdLogin(
    'etcd-login.pcap',
    'etcd in the clear: a login by name and password, and the token it gives on the calls behind it',
    'not-a-secret',
    { 'frame contains "not-a-secret"': 1 },
  ),
  etcdLogin('etcd-login-refused.pcap', 'etcd in the clear: a login whose password is wrong', 'not-a-secret-either', {
    'frame contains "not-a-secret-either"': 'some',
  }),
]

export const APIS: readonly Row[] = [...ETCD_ROWS, ...ETCD_LOGINS, ...DOCKER_ROWS, ...KUBERNETES_ROWS]
