/** The Dockerfile, read as its builder would, and what it copies, built and run as the image would be. No engine runs here. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { madeSecrets } from './secrets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const instructions = readFileSync(`${ROOT}Dockerfile`, 'utf8')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    return { name, rest }
  })
const all = (name: string): string[] => instructions.filter((one) => one.name === name).map(({ rest }) => rest)
/** From the build's context: sources and target. */
const copied = all('COPY')
  .filter((rest) => !rest.startsWith('--from'))
  .map((rest) => ({ from: rest.split(/\s+/).slice(0, -1), to: rest.split(/\s+/).at(-1) as string }))
const ignored = readFileSync(`${ROOT}.dockerignore`, 'utf8').trim().split('\n')

const folder = mkdtempSync(join(tmpdir(), 'intransit-image-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the image', () => {
  it('is of a pinned Debian slim with a Node that the package is for', () => {
    expect(all('ARG')).toEqual([expect.stringMatching(/^NODE_IMAGE=node:(20|24)\.\d+\.\d+-bookworm-slim$/)])
    for (const from of all('FROM')) expect(from).toMatch(/^\$\{NODE_IMAGE\}( AS build)?$/)
  })

  it('runs as nobody in particular, without a shell in between, and says whether it is well', () => {
    expect(all('USER')).toEqual(['10001:10001'])
    const last = instructions.map(({ name }) => name)
    expect(last.lastIndexOf('USER')).toBeGreaterThan(last.lastIndexOf('RUN'))
    for (const name of ['ENTRYPOINT', 'CMD']) expect(Array.isArray(JSON.parse(all(name)[0] ?? ''))).toBe(true)
    expect(all('HEALTHCHECK')[0]).toMatch(/CMD \["node", "\/opt\/intransit\/healthcheck.mjs"\]$/)
    expect(all('ADD')).toEqual([])
    expect(instructions.map(({ name }) => name)).not.toContain('')
  })

  it('copies what there is and what the context has, and nothing else is in that', () => {
    const sources = copied.flatMap(({ from }) => from.map((one) => one.replace('./', '')))
    for (const source of sources) expect(existsSync(`${ROOT}${source}`), source).toBe(true)
    expect(ignored).toEqual(
      ['*', ...new Set(sources.map((source) => `!${source}`))].sort((a, b) => order(a) - order(b)),
    )
  })
  const order = (line: string): number => ignored.indexOf(line)

  it('builds of what is copied, and runs of what is left', () => {
    const build = join(folder, 'build')
    for (const { from } of copied.slice(0, -1))
      for (const one of from) cpSync(`${ROOT}${one}`, join(build, one), { recursive: true })
    symlinkSync(`${ROOT}node_modules`, join(build, 'node_modules'))
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: build })
    const image = join(folder, 'image')
    for (const one of ['package.json', 'dist']) cpSync(join(build, one), join(image, one), { recursive: true })
    symlinkSync(`${ROOT}node_modules`, join(image, 'node_modules'))
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(image, 'dist/main.js'), 'replay', `${ROOT}captures/tls12-3des.pcap`, '--data', join(folder, 'data')],
      { encoding: 'utf8' },
    )
    expect(status).toBe(0)
    expect(stdout).toContain('weak')
  }, 120_000)
})

describe('healthcheck.mjs', () => {
  const check = (env: Record<string, string>) =>
    new Promise<number | null>((resolve) => {
      import('node:child_process').then(({ spawn }) =>
        spawn(process.execPath, [`${ROOT}deploy/healthcheck.mjs`], { env, stdio: 'ignore' }).once('exit', resolve),
      )
    })

  it('is content with an answer of the right server only', async () => {
    const { folder: secrets } = madeSecrets()
    let status = 200
    const tls = { cert: readFileSync(`${secrets}/intransit.pem`), key: readFileSync(`${secrets}/intransit.key`) }
    const server = createServer(tls, (request, response) => {
      response.writeHead(request.url === '/api/v1/health' ? status : 404).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const env = { INTRANSIT_HEALTH_URL: url, INTRANSIT_CA: `${secrets}/ca.pem`, INTRANSIT_SERVER_NAME: 'intransit' }
    expect(await check(env)).toBe(0)
    expect(await check({ ...env, INTRANSIT_SERVER_NAME: 'grafana' })).toBe(1)
    expect(await check({ INTRANSIT_HEALTH_URL: url })).toBe(1)
    status = 503
    expect(await check(env)).toBe(1)
    server.close()
    server.closeAllConnections()
    expect(await check(env)).toBe(1)
  })
})
