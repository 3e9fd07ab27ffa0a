/**
 * Writes grafana/dashboards and grafana/provisioning:
 *   npm run grafana
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dashboardModel } from './dashboard.ts'
import { DASHBOARDS } from './dashboards/index.ts'
import { PROVISIONING } from './provisioning.ts'

const FOLDER = new URL('../', import.meta.url)

/** Every file that is made, by its name below grafana/. */
export function madeFiles(): Map<string, string> {
  const files = new Map(Object.entries(PROVISIONING))
  for (const dashboard of DASHBOARDS) {
    files.set(`dashboards/${dashboard.uid}.json`, `${JSON.stringify(dashboardModel(dashboard), null, 2)}\n`)
  }
  return files
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const folder of ['dashboards', 'provisioning']) rmSync(new URL(folder, FOLDER), { recursive: true, force: true })
  for (const [name, text] of madeFiles()) {
    const file = new URL(name, FOLDER)
    mkdirSync(dirname(fileURLToPath(file)), { recursive: true })
    writeFileSync(file, text)
  }
}
