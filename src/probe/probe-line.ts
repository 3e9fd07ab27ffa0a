import { createHash } from 'node:crypto'
import { asciiJson } from '../core/json.ts'
import type { Probed } from './probe.ts'

/** One probe as one JSON line for the store, without the newline. Its id is made of it: the same probe is one row. */
export function probeLine(probed: Probed, sensor: string): string {
  const row = probeRow(probed, sensor)
  const probe_id = createHash('sha256').update(JSON.stringify(row)).digest('hex').slice(0, 32)
  return asciiJson({ probe_id, ...row })
}

/** Members as in the table `probes`; what is not known is left out. */
export const probeRow = ({ target, ...probed }: Probed, sensor: string) => ({
  probed_at: probed.probedAt,
  sensor,
  server_ip: target.server_ip,
  server_port: target.server_port,
  server_name: target.server_name,
  protocol: target.protocol,
  outcome: probed.outcome,
  handshakes: probed.handshakes,
  tls_version: probed.version ?? undefined,
  cipher_suite: probed.suite ?? undefined,
  tls_versions: probed.versions,
  cipher_suites: probed.suites,
  server_certificates: probed.certificates.map(({ fingerprint }) => fingerprint),
  is_stapled: probed.outcome === 'handshake' ? probed.staple !== null : undefined,
  provenance: 'probed',
})
