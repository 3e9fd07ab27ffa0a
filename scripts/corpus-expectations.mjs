/** What other tools say a flow of the corpus is, in our names: their own expectations, as far as they name a flow. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CARRIERS, NAMES, ONLY_TCP, ONLY_UDP } from './protocol-names.mjs'

const TRANSPORTS = { 1: 'icmp', 6: 'tcp', 17: 'udp', 50: 'esp', 51: 'ah', 58: 'icmpv6', 132: 'sctp' }

const MISFITS = { tcp: ONLY_UDP, udp: ONLY_TCP }

/** One spelling of an address, so that 2001:0db8::1 of one tool is 2001:db8::1 of another. */
const address = (text) => (text?.includes(':') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text)

/** Either direction of a flow has the same key. */
export const flowKey = (sha8, transport, a, aPort, b, bPort) =>
  [sha8, transport, ...[`${address(a)} ${aPort}`, `${address(b)} ${bPort}`].sort()].join()

/** Says of every flow that a tool names: tool, sha8, transport, the ends as far as told, and the tool's own names. */
export function* statements(corpus) {
  const rows = (file) => jsonLines(join(corpus, file))
  // First tshark, which tells what others mean by less than a whole 5-tuple.
  for (const file of readdirSync(join(corpus, 'truth'))) {
    if (!file.endsWith('.jsonl')) continue
    for (const row of rows(`truth/${file}`)) yield tshark(row, file.slice(0, 8))
  }
  for (const row of rows('ndpi_flows.jsonl')) yield* ndpi(row)
  for (const row of rows('zeek_expected.jsonl')) yield* zeek(row)
  for (const row of rows('arkime_expected.jsonl')) yield* arkime(row)
  for (const row of rows('suricata_expected.jsonl')) yield* suricata(row)
}

function jsonLines(file) {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** A name by port is a guess of nDPI's ("Match by port"), and a port is no evidence. */
function* ndpi(row) {
  if (row.proto === null || row.confidence === 'Match by port') return
  const { sha8, src, sport, dst, dport } = row
  const cleartext = row.cleartext === true
  yield {
    tool: 'ndpi',
    sha8,
    transport: row.l4.toLowerCase(),
    src,
    sport,
    dst,
    dport,
    names: row.proto.split('.'),
    cleartext,
  }
}

/** Tests of Zeek whose rows are not what crossed the wire: read with a session's keys, or made up by the test itself. */
const BESIDE_THE_WIRE = /\.decryption$|^spicy\.protocol-analyzer-data-in/

/** conn.log names services ("-ftp" is one that was tried and dropped); another log is itself the name. */
function* zeek({ test, log, sha8: files, row }) {
  if (row['id.orig_h'] === undefined || BESIDE_THE_WIRE.test(test)) return
  const stem = log.replace(/\.log$/, '').replace(/^manager\./, '')
  const isConn = stem.startsWith('conn')
  const names = isConn ? (row.service ?? '').split(',') : [stem in NAMES.zeek ? stem : stem.split('-')[0]]
  const transport = row.proto ?? null
  for (const sha8 of files)
    yield {
      tool: 'zeek',
      sha8,
      transport,
      src: row['id.orig_h'],
      sport: row['id.orig_p'],
      dst: row['id.resp_h'],
      dport: row['id.resp_p'],
      names: names.filter((name) => name !== '' && !name.startsWith('-') && !names.includes(`-${name}`)),
    }
}

function* arkime(row) {
  const transport = TRANSPORTS[row.ipProtocol] ?? String(row.ipProtocol)
  const { sha8, src, sport, dst, dport } = row
  yield { tool: 'arkime', sha8, transport, src, sport, dst, dport, names: row.protocols ?? [] }
}

/** The target of a CONNECT (RFC 9112 §3.2.3): what is in the tunnel the tool does not say. */
const AUTHORITY_FORM = /^[^/:]+:\d+$/

/** An event that must not occur (count 0) says nothing. Ends that a check leaves out stay open. */
function* suricata({ sha8, count, match }) {
  if (count === 0) return
  const transport = match.proto?.toLowerCase() ?? null
  const { src_ip: src, src_port: sport, dest_ip: dst, dest_port: dport } = match
  const names = [match.app_proto ?? match.event_type].filter((name) => typeof name === 'string')
  const opensTunnel = AUTHORITY_FORM.test(match['http.url'] ?? '')
  yield { tool: 'suricata', sha8, transport, src, sport, dst, dport, names, opensTunnel }
}

function tshark(row, sha8) {
  const { proto: transport, src, sport, dst, dport } = row
  return { tool: 'tshark', sha8, transport, src, sport, dst, dport, names: Object.keys(row.protos ?? {}) }
}

/**
 * The tool's names in ours, most telling first; empty where it names nothing of ours. Beside the name of a protocol its
 * carriers are no answer: a flow called smtp and tls is smtp.
 */
export function ourNames({ tool, names }, transport) {
  const misfits = MISFITS[transport] ?? new Set()
  const meant = names
    .map((name) => [NAMES[tool][name] ?? []].flat().filter((ours) => !misfits.has(ours)))
    .filter((ours) => ours.length > 0)
    .sort(([a], [b]) => CARRIERS.indexOf(a) - CARRIERS.indexOf(b))
  const above = meant.filter(([ours]) => !CARRIERS.includes(ours))
  // A proxy and what it relays are both fair names.
  const isProxy = above.every(([ours]) => ours === 'socks')
  return [...new Set((isProxy ? [...above, ...meant] : above).flat())]
}

/** Whether the tool saw TLS in the flow, also under the name of another protocol. */
export const saysTls = ({ tool, names }) => names.some((name) => [NAMES[tool][name] ?? []].flat().includes('tls'))
