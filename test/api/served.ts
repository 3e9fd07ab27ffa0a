/** A real server on loopback over a real store, filled by replaying captures/. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findingEventLine, findingLine } from '../../src/alert/finding-line.ts'
import { createAlertEngine } from '../../src/alert/index.ts'
import { type ApiServer, type ServerSettings, startServer } from '../../src/api/server.ts'
import { newToken, type Role, type TokenHolder } from '../../src/api/tokens.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { capturedLines } from '../store/captured-lines.ts'

export interface Served {
  store: Store
  /** Starts one more server over the store. */
  start(settings?: Partial<ServerSettings>): Promise<ApiServer>
  end(): Promise<void>
}

export async function serveCaptures({ filled = true } = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-api-'))
  const store = await openStore({ data: folder })
  await store.migrate()
  if (filled) {
    const { flows, certificates, health } = await capturedLines()
    await store.insertFlows(flows.join('\n'), flows.length, 'flows')
    await store.insertCertificates(certificates.join('\n'), certificates.length, 'certificates')
    await store.insertHealth(health.join('\n'), health.length, 'health')
    await insertFindings(store, flows, certificates)
  }
  const servers: ApiServer[] = []
  return {
    store,
    async start(settings = {}) {
      const server = await startServer(store, {
        listen: { host: '127.0.0.1', port: 0 },
        tls: null,
        tokens: null,
        version: '1.2.3',
        metricsWindowHours: 24,
        capture: null,
        limits: { requestsPerMinute: 10_000 },
        say: () => undefined,
        audit: () => undefined,
        ...settings,
      })
      let closing: Promise<void> | null = null
      const once: ApiServer = {
        ...server,
        close() {
          closing ??= server.close()
          return closing
        },
      }
      servers.push(once)
      return once
    },
    async end() {
      for (const server of servers) await server.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What the detectors find in them. */
async function insertFindings(store: Store, flows: string[], certificates: string[]): Promise<void> {
  const engine = createAlertEngine()
  for (const line of certificates) engine.certificate(JSON.parse(line))
  for (const line of flows) engine.flow(JSON.parse(line))
  const findings = engine.findings().map((finding, n) => findingLine(finding, n + 1))
  const events = engine.takeEvents().map(findingEventLine)
  await store.insertFindings(findings.join('\n'), findings.length, 'findings')
  await store.insertFindingEvents(events.join('\n'), events.length, 'events')
}

export type Headers = Record<string, string>

/** A token of each of these roles, and what a server has of them. */
export function madeTokens<R extends Role>(...roles: R[]): { tokens: TokenHolder[]; bearer: Record<R, Headers> } {
  const made = roles.map((role) => ({ role, ...newToken(`the-${role}`, role) }))
  return {
    tokens: made.map(({ role, line }) => ({ name: `the-${role}`, role, hash: Buffer.from(line.slice(-64), 'hex') })),
    bearer: Object.fromEntries(
      made.map(({ role, token }): [string, Headers] => [role, { authorization: `Bearer ${token}` }]),
    ) as Record<R, Headers>,
  }
}
