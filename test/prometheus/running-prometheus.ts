/** Debian's Prometheus on loopback, with what a test tells it to scrape and by which rules. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'

const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).status === 0

export const whyNoPrometheus = isInstalled('prometheus') && isInstalled('promtool') ? null : 'needs Debian’s prometheus'

export interface Sample {
  metric: Record<string, string>
  value: number
}

export interface RunningPrometheus {
  query(expression: string): Promise<Sample[]>
  /** Names of the alerts that fire, with their labels. */
  firing(): Promise<Record<string, string>[]>
  api<T>(path: string): Promise<T>
  end(): Promise<void>
}

export async function runPrometheus(config: Record<string, unknown>): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-prometheus-'))
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, stringify(config))
  const origin = `http://127.0.0.1:${await freePort()}`
  const options = ['--storage.tsdb.path', join(folder, 'data'), '--web.listen-address', origin.slice(7)]
  const child = spawn('prometheus', ['--config.file', file, ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  for (const endMs = performance.now() + 30_000; ; await sleep(100)) {
    if ((await fetch(`${origin}/-/ready`).catch(() => null))?.status === 200) break
    if (child.exitCode === null && performance.now() < endMs) continue
    child.kill('SIGKILL')
    throw new Error(`Prometheus did not start: ${said}`)
  }
  const api = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${origin}/api/v1/${path}`)).json()) as { data: T; error?: string }
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.data
  }
  return {
    api,
    async query(expression) {
      const data = await api<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `query?query=${encodeURIComponent(expression)}`,
      )
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    async firing() {
      const { alerts } = await api<{ alerts: { state: string; labels: Record<string, string> }[] }>('alerts')
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels)
    },
    async end() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
