/** A simulated year: real flows and certificates of a capture, moved in time. What happens is told where it is asked about. */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { DEFAULT_POLICY } from '../../src/classify/index.ts'
import { nameFiles } from '../../src/cli/named-files.ts'
import { replayFiles } from '../../src/cli/replay-files.ts'
import type { Store } from '../../src/store/index.ts'

type Row = Record<string, unknown>

/** The chain of captures/tls12-ecdsa-chain.pcap: the flow that showed it, and its leaf. */
async function captured(): Promise<{ flow: Row; leaf: Row }> {
  const [flows, certificates]: [Row[], Row[]] = [[], []]
  const take = (into: Row[]) => async (chunk: Uint8Array) => {
    for (const line of Buffer.from(chunk).toString('latin1').trimEnd().split('\n')) into.push(JSON.parse(line))
  }
  await replayFiles(
    {
      files: await nameFiles([fileURLToPath(new URL('../../captures/tls12-ecdsa-chain.pcap', import.meta.url))]),
      policies: [DEFAULT_POLICY],
      policyDate: null,
      filter: null,
      sensor: 'test',
      shard: null,
    },
    { flows: take(flows), certificates: take(certificates), progress: () => undefined },
  )
  const flow = flows.find((one) => one['server_certificates'] !== undefined) as Row
  const [shown] = flow['server_certificates'] as string[]
  return { flow, leaf: certificates.find((one) => one['fingerprint_sha256'] === shown) as Row }
}

/** RFC 3339; "2027-03-01" is its first moment. */
const time = (text: string): string => (text.length === 10 ? `${text}T00:00:00.000000Z` : text)

export const fingerprint = (name: string): string => createHash('sha256').update(name).digest('hex')
export const serial = (name: string): string => createHash('md5').update(name).digest('hex')

export interface Year {
  certificate(name: string, names: string[], begins: string, ends: string, members?: Row): void
  /** One flow that showed the certificate, or null for one of TLS 1.3 that shows none. */
  shown(name: string | null, server: string, when: string, members?: Row): void
  /** `token`: of the batch; rows of another are not those again. */
  store(store: Store, token?: string): Promise<void>
}

export async function madeYear(): Promise<Year> {
  const { flow, leaf } = await captured()
  const [certificates, flows]: [string[], string[]] = [[], []]
  return {
    certificate(name, names, begins, ends, members = {}) {
      const made = {
        subject: `CN=${names[0]}`,
        subject_alt_names: names,
        not_before: time(begins),
        not_after: time(ends),
      }
      const ids = { fingerprint_sha256: fingerprint(name), serial_number: serial(name) }
      certificates.push(JSON.stringify({ ...leaf, ...made, ...ids, ...members }))
    },
    shown(name, server, when, members = {}) {
      const [server_ip, port] = server.split(':')
      const times = { first_seen: time(when), last_seen: time(when) }
      const id = serial(JSON.stringify([name, server, when, members]))
      const hidden = { tls_version: 0x0304, server_certificates: undefined }
      const chain = name === null ? hidden : { server_certificates: [fingerprint(name)] }
      const place = { server_ip, server_port: Number(port ?? 443), violations: undefined, verdict: 'strong' }
      flows.push(JSON.stringify({ ...flow, ...place, ...times, ...chain, flow_id: id, ...members }))
    },
    async store(store, token = 'year') {
      await store.insertCertificates(`${certificates.join('\n')}\n`, certificates.length, token)
      await store.insertFlows(`${flows.join('\n')}\n`, flows.length, token)
    },
  }
}
