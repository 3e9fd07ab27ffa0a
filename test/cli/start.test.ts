/** `npm start` once it has built: the report of captures/, and then the API and metrics of the same flows. No terminal is there. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const START = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'intransit-start-'))
const data = ['--data', join(folder, 'data')]
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('npm start', { timeout: 240_000 }, () => {
  it('prints the report, says where it serves, serves what it reported, and ends well at Ctrl-C', async () => {
    const child = spawn(process.execPath, [START, '--listen', '127.0.0.1:0', ...data], { stdio: 'pipe' })
    const closed = once(child, 'close')
    let printed = ''
    let said = ''
    child.stdout.on('data', (text) => {
      printed += text
    })
    child.stderr.on('data', (text) => {
      said += text
    })
    await expect.poll(() => said, { timeout: 120_000 }).toMatch(/ends it\n$/)
    const [, flows = ''] = /^(\d+) flows from \d+ sources/m.exec(printed) ?? []
    expect(Number(flows)).toBeGreaterThan(600)
    expect(said).toContain('It is cut off on purpose')
    const [, url = ''] =
      /serves (http:\/\/127\.0\.0\.1:\d+), to this machine only and without tokens\n/.exec(said) ?? []
    expect(said).toContain(`has its paths at ${url}/api/docs and metrics at ${url}/metrics; intransit serve token`)
    const { items } = (await (await fetch(`${url}/api/v1/kpis/coverage`)).json()) as {
      items: Record<string, unknown>[]
    }
    expect(items.find(({ unit }) => unit === 'flows')).toMatchObject({ total: expect.any(Number) })
    expect((await fetch(`${url}/api/docs`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('intransit_build_info{')
    // By the terminal and by npm: twice.
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await closed).toEqual([0, null])
    expect(said).toMatch(/ends: SIGINT\n$/)
  })

  it('says which address is taken, after the report, with the status of that', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const ran = spawnSync(process.execPath, [START, '--listen', `127.0.0.1:${port}`, ...data], { encoding: 'utf8' })
    other.close()
    expect(ran.stdout).toContain('Encryption in transit')
    expect(ran.stderr).toMatch(
      /ERR_SOURCE_ADDRESS: cannot listen on tcp 127\.0\.0\.1:\d+: the address is in use\. Fix: /,
    )
    expect(ran.status).toBe(3)
  })

  it('serves nothing where the report cannot be made', () => {
    const ran = spawnSync(process.execPath, [START, '--data', '/dev/null/data'], { encoding: 'utf8' })
    expect(ran.stderr.match(/^ERR_/gm)).toHaveLength(1)
    expect(ran.status).toBeGreaterThan(1)
  })
})
