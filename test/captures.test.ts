import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { goldenOf, replayCapture } from '../captures/make/records.ts'
import { readStreams } from '../captures/make/tshark.ts'
import { hasTool } from './registry/tools.ts'

const FOLDER = fileURLToPath(new URL('../captures/', import.meta.url))
const files = readdirSync(FOLDER)
const captures = files.filter((name) => /\.pcap(ng)?(\.(gz|zst))?$/.test(name))
const read = (name: string): string => readFileSync(FOLDER + name, 'utf8')

describe('the folder', () => {
  it('has a golden and a row in its README for each capture, and none without one', () => {
    expect(captures.length).toBeGreaterThan(100)
    const goldens = files.filter((name) => name.endsWith('.json')).map((name) => name.replace(/\.json$/, ''))
    expect(goldens.sort()).toEqual(captures.sort())
    const rows = [...read('README.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
    expect([...rows].sort()).toEqual(captures)
  })

  it('has no golden that holds what a peer sent as a secret', () => {
    for (const name of captures) expect(read(`${name}.json`)).not.toMatch(/not-a-secret|example-token|bm90LWEtc2VjcmV0/)
  })
})

it('a flow in five tunnels has the outermost tag, the innermost identifier and the tunnel directly around it', async () => {
  const { records } = await replayCapture(`${FOLDER}tls13-nested.pcap`)
  expect(records).toMatchObject([{ vlan: 100, vni: 4711, tunnel: 'vxlan', client_ip: '10.11.0.2', verdict: 'strong' }])
})

it('frames that MACsec encrypts are counted, each of them', async () => {
  const { records, result } = await replayCapture(`${FOLDER}macsec-encrypted.pcap`)
  expect([records, result.stats.macsecFrames]).toEqual([[], 22])
})

describe('golden', () => {
  it.each(captures)('%s', async (name) => {
    expect(await goldenOf(FOLDER + name)).toEqual(JSON.parse(read(`${name}.json`)))
  })
})

describe('a tunnel', () => {
  it.each([
    { name: 'tls13-ah.pcap', tunnels: ['ah'], why: 'authenticates alone' },
    { name: 'tls13-macsec-integrity.pcap', tunnels: ['macsec'], why: 'authenticates alone' },
    { name: 'tls13-gre.pcap', tunnels: ['gre'], why: 'does neither' },
    { name: 'dtls-capwap-control.pcap', tunnels: ['capwap'], why: 'is closed by DTLS' },
    { name: 'esp.pcap', tunnels: [null], why: 'encrypts, and is all that is seen' },
    { name: 'wireguard.pcap', tunnels: [null], why: 'encrypts, and is all that is seen' },
    {
      name: 'esp-null-in-udp.pcap',
      tunnels: [null, null],
      why: 'of ESP is not taken apart, though it encrypts nothing',
    },
  ])('that $why marks what it carries: $name', async ({ name, tunnels }) => {
    const { records } = await replayCapture(FOLDER + name)
    expect(records.map((record) => record['tunnel'] ?? null)).toEqual(tunnels)
  })
})

// Captures in which tshark sees less: it reads no TLS on a port it does not know, or inside what it takes for another
// protocol, and joins nothing across a gap.
const TSHARK_SEES_LESS = new Set([
  'tls12-file-cut-off.pcap', // refuses the file
  'sslv2.pcap', // has other fields for it
  'sslv2-hello-tls12.pcap',
  'ssdp.pcap', // takes it for HTTP
])

describe.skipIf(!hasTool('tshark'))('against tshark (needs tshark)', () => {
  it.each(captures.filter((name) => !TSHARK_SEES_LESS.has(name)))('%s', async (name) => {
    const { records } = await replayCapture(FOLDER + name)
    const found: unknown[] = []
    const expected: unknown[] = []
    const used = new Set<unknown>()
    for (const [key, facts] of readStreams(FOLDER + name)) {
      const ends = key.split(' ').slice(0, 4).join(' ')
      const record = records.find((one) => endsOf(one) === ends && !used.has(one))
      used.add(record)
      expected.push({ ends, ...facts })
      found.push({ ends, ...Object.fromEntries(Object.keys(facts).map((field) => [field, record?.[field]])) })
    }
    expect(found).toEqual(expected)
  })
})

const endsOf = (record: Record<string, unknown>): string =>
  [`${record['client_ip']} ${record['client_port']}`, `${record['server_ip']} ${record['server_port']}`]
    .sort()
    .join(' ')
