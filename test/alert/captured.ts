/** Flows and certificates of a shipped capture, as a replay hands them to alerts. */
import { fileURLToPath } from 'node:url'
import type { CertificateRecord, FlowRecord } from '../../src/alert/index.ts'
import { DEFAULT_POLICY } from '../../src/classify/index.ts'
import { replayFiles } from '../../src/cli/replay-files.ts'

const recordsOf = <T>(lines: Uint8Array): T[] =>
  Buffer.from(lines)
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)

export async function capturedLines(name: string): Promise<{ flows: FlowRecord[]; certificates: CertificateRecord[] }> {
  const path = fileURLToPath(new URL(`../../captures/${name}`, import.meta.url))
  const flows: FlowRecord[] = []
  const certificates: CertificateRecord[] = []
  await replayFiles(
    {
      files: [{ path, name, bytes: null }],
      policies: [DEFAULT_POLICY],
      policyDate: null,
      filter: null,
      sensor: 'replay',
      shard: null,
    },
    {
      flows: async (lines) => void flows.push(...recordsOf<FlowRecord>(lines)),
      certificates: async (lines) => void certificates.push(...recordsOf<CertificateRecord>(lines)),
      progress: () => undefined,
    },
  )
  return { flows, certificates }
}
