/** Which flows of the truth are held to which bar, and which fields it has of each. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const HELLO_FIELDS = [
  'server_name',
  'offered_cipher_suites',
  'offered_groups',
  'tls_version',
  'cipher_suite',
  'ja3',
  'ja3s',
]

/** Differences that docs/conformance.md does not name fail the run. */
export const GROUPS = [
  {
    name: 'TCP',
    bar: 99.5,
    holds: (flow) => flow.proto === 'tcp',
    fields: ['client_ip', ...HELLO_FIELDS, 'ja4', 'server_certificates'],
  },
  {
    name: 'QUIC',
    bar: 99,
    // Of a tunnel the truth has the outer flow as well, which we do not record.
    holds: ({ proto, protos }) => proto === 'udp' && 'quic' in protos && !('geneve' in protos),
    fields: ['client_ip', ...HELLO_FIELDS, 'ja4', 'offered_alpn', 'alpn'],
  },
  {
    name: 'DTLS',
    bar: 99,
    holds: (flow) => flow.proto === 'udp' && 'dtls' in flow.protos,
    fields: ['client_ip', ...HELLO_FIELDS, 'ja4', 'server_certificates', 'client_certificates'],
  },
  {
    name: 'SSH',
    bar: 99,
    holds: (flow) => flow.proto === 'tcp' && flow.ssh !== undefined,
    fields: ['client_ip', 'ssh_client_software', 'ssh_server_software', 'hassh', 'hassh_server'],
  },
]

/** The fields that the truth has of a flow, under the conditions of compare.mjs, whose figures are of all flows together. */
function fieldsOf(
  { initiator, client_hello: hello, server_hello: chosen, certs, client_certs: clientCerts, ssh },
  hasJa4,
) {
  const has = {
    client_ip: ['syn', 'synack', 'clienthello'].includes(initiator),
    server_name: hello,
    offered_cipher_suites: hello,
    offered_groups: hello?.groups?.length,
    offered_alpn: hello?.alpn?.length,
    ja3: hello?.ja3,
    tls_version: chosen,
    cipher_suite: chosen,
    alpn: chosen?.alpn,
    ja3s: chosen?.ja3s,
    ja4: hasJa4,
    server_certificates: certs?.length,
    client_certificates: clientCerts?.length,
    ssh_client_software: ssh?.client_banner,
    ssh_server_software: ssh?.server_banner,
    hassh: ssh?.hassh,
    hassh_server: ssh?.hassh_server,
  }
  return Object.keys(has).filter((field) => has[field])
}

/** Per group how many flows carry each field, and which flows; and the groups of each. A flow is called as compare.mjs does. */
export function readTruth(corpus, only) {
  const lines = (file) => readFileSync(join(corpus, file), 'utf8').split('\n').filter(Boolean)
  const rows = (file) =>
    lines(file)
      .slice(1)
      .map((row) => row.split('\t'))
  const ja4 = new Set(
    rows('ja4_expected.tsv').map(([, client, sport, server, dport, , transport, , sha8]) =>
      [sha8, transport, client, sport, server, dport].join(),
    ),
  )
  const totals = new Map(GROUPS.map((group) => [group, new Map()]))
  const flowsOf = new Map(GROUPS.map((group) => [group, []]))
  const groupsOf = new Map()
  for (const [sha8, path] of rows('index.tsv')) {
    if (!path.includes(only) || !existsSync(join(corpus, 'truth', `${sha8}.jsonl`))) continue
    for (const flow of lines(`truth/${sha8}.jsonl`).map((line) => JSON.parse(line))) {
      const groups = GROUPS.filter((group) => group.holds(flow))
      if (groups.length === 0) continue
      const where = whereOf(path, flow)
      for (const group of groups) flowsOf.get(group).push(where)
      groupsOf.set(where, [...new Set([...(groupsOf.get(where) ?? []), ...groups])])
      const hasJa4 = ja4.has([sha8, flow.proto, flow.src, flow.sport, flow.dst, flow.dport].join())
      const fields = ['flow', ...fieldsOf(flow, hasJa4)]
      for (const group of groups)
        for (const field of fields) totals.get(group).set(field, (totals.get(group).get(field) ?? 0) + 1)
    }
  }
  return { totals, flowsOf, groupsOf }
}

/** The words that compare.mjs has for a flow. */
export function whereOf(path, { proto, src, sport, dst, dport }) {
  const address = (text) => (text?.includes(':') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text)
  return `${path} ${[proto, ...[`${address(src)} ${sport}`, `${address(dst)} ${dport}`].sort()].join()}`
}
