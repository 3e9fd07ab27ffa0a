import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIVE_KINDS, openLive } from '../../src/source/live.ts'
import { pcapFileHeader } from '../../src/source/pcap-write.ts'
import { hasIpv6, PROMPT_MS, Reading, refusal, sleep } from './live-reading.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-live-'))
  writeFileSync(join(folder, 'a.pcap'), pcapFileHeader(1))
  execFileSync('mkfifo', [join(folder, 'fifo')])
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Interfaces have tests of their own: they need root. */
const INTERFACES = ['interface', 'afpacket', 'libpcap', 'cap']
const HERE = LIVE_KINDS.filter(({ name }) => !INTERFACES.includes(name))
const SETTINGS = { filter: null, cut: false, fanout: null, ringBytes: null }

/** One specification a kind; FOLDER stands for a folder with a capture and a FIFO. */
const SPECS: Record<string, string> = {
  vxlan: 'vxlan:127.0.0.1:0',
  geneve: hasIpv6 ? 'geneve:[::1]:0' : 'geneve:127.0.0.1:0',
  'pcap-stream': 'pcap-stream:FOLDER/fifo',
  tcp: 'tcp://127.0.0.1:9',
  tls: 'tls://localhost:9',
  'tcp-listen': 'tcp-listen://127.0.0.1:0',
  follow: 'follow:FOLDER/a.pcap',
  watch: 'watch:FOLDER',
}
const specOf = (kind: string): string => (SPECS[kind] as string).replace('FOLDER', folder)

describe('every live source', () => {
  it('is in this test', () => {
    expect(Object.keys(SPECS)).toEqual(HERE.map(({ name }) => name))
  })

  it.each(HERE)('$name is named by its kind, has no size, and is refused without what it needs', async ({ name }) => {
    const source = await openLive(specOf(name), SETTINGS)
    expect(source).toMatchObject({ size: null, damage: null, stats: { frames: 0, bytesRead: 0 } })
    expect(source.name.startsWith(`${name}:`)).toBe(true)
    await source.close()
    expect(await refusal(openLive(name, SETTINGS))).toMatchObject({
      code: 'ERR_USAGE',
      fix: expect.stringContaining(`${name}:`),
    })
  })

  it.each(HERE)('$name yields empty batches in a silence, and ends at once when it is closed', async ({ name }) => {
    const reading = new Reading(await openLive(specOf(name), SETTINGS))
    await sleep(700)
    expect(reading.ended).toBe(false)
    expect(reading.quiet).toBeGreaterThanOrEqual(1)
    expect(reading.quiet).toBeLessThanOrEqual(3)
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
    await reading.source.close()
  })
})

describe('a specification', () => {
  it.each([
    ['ether:eth0', 'ether:eth0 is no live source'],
    ['trace.pcap', 'trace.pcap is no live source'],
    ['', ' is no live source'],
    ['toString:', 'toString: is no live source'],
  ])('of no kind, "%s", is answered with the kinds there are', async (spec, what) => {
    const refused = await refusal(openLive(spec, SETTINGS))
    expect(refused).toEqual({
      code: 'ERR_USAGE',
      what,
      fix: `write ${LIVE_KINDS.map(({ usage }) => usage).join(', ')}`,
    })
  })

  it.each([
    'vxlan:127.0.0.1:99999',
    'vxlan:::1:4789',
    'vxlan:[127.0.0.1]:4789',
    'geneve:[::1',
    'tcp:127.0.0.1:9',
    'tcp://127.0.0.1',
    'tcp://127.0.0.1:0',
    'tcp://me@127.0.0.1:9',
    'tcp://127.0.0.1:9?ca=x',
    'tls://127.0.0.1:9?cert=x',
    'tls://:9',
    'tcp-listen://:9',
  ])('that cannot be used, "%s", is answered with how to write it', async (spec) => {
    const { usage } = LIVE_KINDS.find(({ name }) => name === spec.slice(0, spec.indexOf(':'))) as { usage: string }
    const refused = await refusal(openLive(spec, SETTINGS))
    expect(refused.code).toBe('ERR_USAGE')
    expect(refused.fix).toContain(`write ${usage}`)
  })

  it.each(['pcap-stream:', 'follow:', 'watch:'])('without a path, "%s", is refused', async (spec) => {
    expect(await refusal(openLive(spec, SETTINGS))).toMatchObject({ code: 'ERR_USAGE', what: 'no path is named' })
  })
})

describe('docs/sources.md', () => {
  it('has the table of live sources', () => {
    const text = readFileSync(new URL('../../docs/sources.md', import.meta.url), 'utf8')
    const [table = ''] = text.split('An IPv6 address', 1)
    const rows = [...table.matchAll(/^\| `([^`]+)` \| ([^|]+) \|$/gm)].map(([, usage, reads]) => ({ usage, reads }))
    expect(rows).toEqual(LIVE_KINDS.map(({ usage, reads }) => ({ usage, reads })))
  })
})
