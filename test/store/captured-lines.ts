/** What a replay of captures/ hands to a store. */
import { fileURLToPath } from 'node:url'
import { DEFAULT_POLICY } from '../../src/classify/index.ts'
import { fileHealthLine } from '../../src/cli/file-health.ts'
import { nameFiles } from '../../src/cli/named-files.ts'
import { replayFiles } from '../../src/cli/replay-files.ts'

/** JSON lines, each without its line break. */
export async function capturedLines(): Promise<{ flows: string[]; certificates: string[]; health: string[] }> {
  const flows: string[] = []
  const certificates: string[] = []
  const take = (into: string[]) => async (chunk: Uint8Array) => {
    into.push(...Buffer.from(chunk).toString('latin1').trimEnd().split('\n'))
  }
  const result = await replayFiles(
    {
      files: await nameFiles([fileURLToPath(new URL('../../captures', import.meta.url))]),
      policies: [DEFAULT_POLICY],
      policyDate: null,
      filter: null,
      sensor: 'test',
      shard: null,
    },
    { flows: take(flows), certificates: take(certificates), progress: () => undefined },
  )
  return { flows, certificates, health: result.health.map((interval) => fileHealthLine('test', interval)) }
}
