/** What tshark reads in a capture, flow by flow, in the vocabulary of our records. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'

/** Facts of one flow that a record must agree with. */
export interface StreamFacts {
  server_name?: string
  tls_version?: number
  cipher_suite?: number
  extended_master_secret?: boolean
  ja3?: string
  ja3s?: string
  server_certificates?: string[]
  http_method?: string
  http_host?: string
  ssh_client_software?: string
  ssh_server_software?: string
  ssh_host_key?: string
  ssh_dh_bits?: number
  hassh?: string
  hassh_server?: string
}

/** Fields that TLS and DTLS have both. */
const HANDSHAKE = [
  'type',
  'extensions_server_name',
  'version',
  'extensions.supported_version',
  'ciphersuite',
  'extension.type',
  'ja3',
  'ja3s',
  'certificate',
]

const FIELDS = [
  'frame.protocols',
  'tcp.stream',
  'udp.stream',
  'ip.src',
  'ipv6.src',
  'tcp.srcport',
  'udp.srcport',
  'ip.dst',
  'ipv6.dst',
  'tcp.dstport',
  'udp.dstport',
  ...HANDSHAKE.map((field) => `tls.handshake.${field}`),
  ...HANDSHAKE.map((field) => `dtls.handshake.${field}`),
  'http.request.method',
  'http.host',
  'ssh.protocol',
  'ssh.direction',
  'ssh.kex.hassh',
  'ssh.kex.hasshserver',
  'ssh.host_sig.type',
  'ssh.dh_gex.p',
]

const CLIENT_HELLO = '1'
const SERVER_HELLO = '2'
/** Up to TLS 1.2, of DTLS too. */
const WITHOUT_BINDING = [0x0300, 0x0301, 0x0302, 0x0303, 0xfeff, 0xfefd]
/** RFC 7627 §5.1. */
const EXTENDED_MASTER_SECRET = '23'

/** By "address port" of both ends, sorted; the first message of each kind counts, as in our records. */
export function readStreams(path: string): Map<string, StreamFacts> {
  const fields = FIELDS.flatMap((field) => ['-e', field])
  const text = execFileSync(
    'tshark',
    [
      '-n',
      '-r',
      path,
      '-Y',
      'tls.handshake or dtls.handshake or http.request or ssh',
      '-T',
      'fields',
      '-E',
      'separator=|',
      '-E',
      'occurrence=a',
      ...fields,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 },
  )
  const streams = new Map<string, StreamFacts>()
  const seen = new Map<string, Set<string>>()
  for (const line of text.split('\n').filter(Boolean)) {
    const row = Object.fromEntries(line.split('|').map((value, i) => [FIELDS[i] ?? '', value]))
    const inner = (value: string | undefined): string => value?.split(',').at(-1) ?? ''
    const layers = row['frame.protocols']?.split(':') ?? []
    const ip = layers.lastIndexOf('ipv6') > layers.lastIndexOf('ip') ? 'ipv6' : 'ip'
    // What a tunnel carries is behind its own UDP header.
    const port = (end: 'srcport' | 'dstport'): string => row[`tcp.${end}`] || inner(row[`udp.${end}`])
    const stream = row['tcp.stream'] || `udp ${inner(row['udp.stream'])}`
    const source = `${inner(row[`${ip}.src`])} ${port('srcport')}`
    const target = `${inner(row[`${ip}.dst`])} ${port('dstport')}`
    const key = `${[source, target].sort().join(' ')} ${stream}`
    const facts = streams.get(key) ?? {}
    streams.set(key, facts)
    const kinds = seen.get(key) ?? new Set<string>()
    seen.set(key, kinds)
    note(facts, handshakeOf(row), kinds)
    noteSsh(facts, row)
  }
  return streams
}

/** DTLS's fields under the names of TLS's. */
function handshakeOf(row: Record<string, string | undefined>): Record<string, string | undefined> {
  if (!row['dtls.handshake.type']) return row
  return {
    ...row,
    ...Object.fromEntries(HANDSHAKE.map((field) => [`tls.handshake.${field}`, row[`dtls.handshake.${field}`]])),
  }
}

function note(facts: StreamFacts, row: Record<string, string | undefined>, kinds: Set<string>): void {
  const types = (row['tls.handshake.type'] ?? '').split(',')
  const first = (list: string | undefined): string | undefined => list?.split(',')[0] || undefined
  if (types.includes(CLIENT_HELLO) && !kinds.has('client')) {
    kinds.add('client')
    const name = first(row['tls.handshake.extensions_server_name'])
    const ja3 = first(row['tls.handshake.ja3'])
    if (name !== undefined) facts.server_name = name
    if (ja3 !== undefined) facts.ja3 = ja3
  }
  if (types.includes(SERVER_HELLO) && !types.includes(CLIENT_HELLO)) noteServer(facts, row, kinds, first)
  const certificates = row['tls.handshake.certificate']
  if (certificates && !kinds.has('certificates') && kinds.has('server')) {
    kinds.add('certificates')
    const sha256 = (hex: string): string => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')
    facts.server_certificates = certificates.split(',').map(sha256)
  }
  const method = first(row['http.request.method'])
  // HTTP inside TLS that encrypts nothing is readable to tshark; our records stop at the records of TLS.
  if (method !== undefined && !kinds.has('http') && !kinds.has('server')) {
    kinds.add('http')
    facts.http_method = method
    const host = first(row['http.host'])
    if (host !== undefined) facts.http_host = host
  }
}

/** tshark's direction 1 is the server's. */
function noteSsh(facts: StreamFacts, row: Record<string, string | undefined>): void {
  const isServer = row['ssh.direction']?.startsWith('1') ?? false
  if (row['ssh.protocol']) facts[isServer ? 'ssh_server_software' : 'ssh_client_software'] = row['ssh.protocol']
  if (row['ssh.kex.hassh']) facts.hassh = row['ssh.kex.hassh']
  if (row['ssh.kex.hasshserver']) facts.hassh_server = row['ssh.kex.hasshserver']
  if (row['ssh.host_sig.type']) facts.ssh_host_key = row['ssh.host_sig.type']
  const prime = row['ssh.dh_gex.p']?.replace(/^0+/, '')
  if (prime) facts.ssh_dh_bits = BigInt(`0x${prime}`).toString(2).length
}

function noteServer(
  facts: StreamFacts,
  row: Record<string, string | undefined>,
  kinds: Set<string>,
  first: (list: string | undefined) => string | undefined,
): void {
  // After a HelloRetryRequest the real ServerHello overwrites what the first one said.
  if (kinds.has('server') && facts.tls_version !== 0x0304 && facts.tls_version !== 0xfefc) return
  kinds.add('server')
  const version = first(row['tls.handshake.extensions.supported_version']) ?? first(row['tls.handshake.version'])
  const suite = first(row['tls.handshake.ciphersuite'])
  const ja3s = first(row['tls.handshake.ja3s'])
  if (version !== undefined) facts.tls_version = Number(version)
  if (WITHOUT_BINDING.includes(Number(version))) {
    const extensions = row['tls.handshake.extension.type']?.split(',') ?? []
    facts.extended_master_secret = extensions.includes(EXTENDED_MASTER_SECRET)
  }
  if (suite !== undefined) facts.cipher_suite = Number(suite)
  if (ja3s !== undefined) facts.ja3s = ja3s
}
