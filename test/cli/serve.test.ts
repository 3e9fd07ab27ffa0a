import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import { intransit, MAIN } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-serve-'))
mkdirSync(join(folder, 'data'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The built command; resolves when it serves. */
async function served(args: readonly string[]) {
  const said: string[] = []
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', join(folder, 'data'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line))
  const serves = (): string | undefined => /serves (http\S+?)(?:,|$)/m.exec(said.join('\n'))?.[1]
  await expect.poll(serves, { timeout: 20_000 }).toBeDefined()
  return { url: String(serves()), child, ended, said }
}

describe('intransit serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('serves an empty store until %s', async (signal) => {
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

  it('takes other tokens after SIGHUP, and keeps the old ones where the file is wrong', async () => {
    const made = (name: string) => {
      const lines = intransit(['serve', 'token', name, 'viewer']).stdout.trimEnd().split('\n')
      return { headers: { authorization: `Bearer ${lines[0]}` }, line: `${lines.at(-1)}\n` }
    }
    const [before, after] = [made('old'), made('new')]
    const file = join(folder, 'renewed')
    writeFileSync(file, before.line)
    const { url, child, ended, said } = await served(['--listen', '127.0.0.1:0', '--tokens', file])
    const asks = async () =>
      await Promise.all(
        [before, after].map(async ({ headers }) => (await fetch(`${url}/api/v1/policies`, { headers })).status),
      )
    expect(await asks()).toEqual([200, 401])
    writeFileSync(file, 'nonsense')
    child.kill('SIGHUP')
    await expect.poll(() => said.join('\n')).toMatch(/ERR_USAGE: .*line 1 .*The old ones stay\.$/)
    expect(await asks()).toEqual([200, 401])
    writeFileSync(file, after.line)
    child.kill('SIGHUP')
    await expect.poll(() => said.join('\n')).toContain('has read the tokens and the certificate again')
    expect(await asks()).toEqual([401, 200])
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
    expect(stderr).toMatch(/^(ERR_USAGE: .*\. Fix: .*\.\n)+$/)
    expect(stderr).toContain(what)
    expect(status).toBe(2)
  })

  it('is refused beyond loopback with one line for what would be in clear, and one for who may ask', () => {
    const { stderr } = intransit(['serve', '--data', folder, '--listen', '0.0.0.0:0'])
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => /served in clear|open to all/.exec(line)?.[0]),
    ).toEqual(['served in clear', 'open to all'])
  })

  it('needs a store, which is there', () => {
    const gone = intransit(['serve', '--data', join(folder, 'gone')])
    expect(gone.stderr).toMatch(/^ERR_DATA_FOLDER: .*gone is not there\. Fix: /)
    expect(gone.status).toBe(5)
    expect(existsSync(join(folder, 'gone'))).toBe(false)
  })
  it('needs a store', () => expect(intransit(['serve']).stderr).toContain('no store was named'))
})
