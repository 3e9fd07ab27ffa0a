/** A real server on loopback over a real store, filled by replaying captures/. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
      servers.push(server)
      return server
    },
    async end() {
      for (const server of servers) await server.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
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
