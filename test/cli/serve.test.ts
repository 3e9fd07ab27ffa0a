import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import { intransit, MAIN } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-serve-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The built command; resolves when it serves. */
async function served(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', join(folder, 'data'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stderr })) {
    const [, url] = /serves (http\S+?)(,|$)/.exec(line) ?? []
    if (url !== undefined) return { url, child, ended }
  }
  throw new Error('it ended before it served')
}

describe('intransit serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('serves a new store until %s', async (signal) => {
    const { url, child, ended } = await served(['--listen', '127.0.0.1:0'])
    expect(await (await fetch(`${url}/api/v1/health`)).json()).toEqual({ status: 'ok' })
    child.kill(signal)
    expect(await ended).toBe(0)
  })

  it('takes the token that it made', async () => {
    const { status, stdout } = intransit(['serve', 'token', 'me', 'admin'])
    expect(status).toBe(0)
    const [token = ''] = stdout.split('\n')
    const file = join(folder, 'tokens')
    writeFileSync(file, `${stdout.trimEnd().split('\n').at(-1)}\n`)
    const { url, child, ended } = await served(['--listen', '127.0.0.1:0', '--tokens', file])
    expect((await fetch(`${url}/api/v1/tokens`)).status).toBe(401)
    const response = await fetch(`${url}/api/v1/tokens`, { headers: { authorization: `Bearer ${token}` } })
    expect(await response.json()).toEqual({ items: [{ name: 'me', role: 'admin' }] })
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it.each([
    { args: ['--listen', '0.0.0.0:0'], what: 'served in clear' },
    { args: ['--listen', 'here:there'], what: 'no address to listen on' },
    { args: ['--tls-cert', 'cert.pem'], what: 'needs its key' },
    { args: ['--tls-cert', 'none.pem', '--tls-key', 'none.pem'], what: 'none.pem cannot be read' },
    { args: ['--metrics-window', '0'], what: '--metrics-window 0 is not a whole number' },
    { args: ['--tokens', 'none'], what: 'tokens in none cannot be read' },
  ])('is refused with $args before a store is opened', ({ args, what }) => {
    const { status, stderr } = intransit(['serve', '--data', join(folder, 'untouched'), ...args], { cwd: folder })
    expect(stderr).toMatch(/^ERR_USAGE: .*\. Fix: .*\.\n$/)
    expect(stderr).toContain(what)
    expect(status).toBe(2)
  })

  it('needs a store', () => expect(intransit(['serve']).stderr).toContain('no store was named'))
})
