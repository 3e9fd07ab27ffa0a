import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../scripts/corpus-protocols.mjs', import.meta.url))
const CAPTURES = fileURLToPath(new URL('../../captures', import.meta.url))

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true })
})

interface Said {
  ndpi?: object[]
  zeek?: object[]
  arkime?: object[]
  suricata?: object[]
  tshark?: object[]
}

/** A corpus of one capture of ours, and what the tools are made to say of it. */
function corpusOf(capture: string, said: Said): string {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-corpus-'))
  made.push(folder)
  mkdirSync(join(folder, 'captures'))
  mkdirSync(join(folder, 'truth'))
  copyFileSync(join(CAPTURES, capture), join(folder, 'captures/00000001.pcap'))
  const jsonl = (file: string, rows: object[] = []) =>
    writeFileSync(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  writeFileSync(join(folder, 'index.tsv'), 'sha8\tpath\n00000001\tcaptures/00000001.pcap\n')
  jsonl('ndpi_flows.jsonl', said.ndpi)
  jsonl('zeek_expected.jsonl', said.zeek)
  jsonl('arkime_expected.jsonl', said.arkime)
  jsonl('suricata_expected.jsonl', said.suricata)
  jsonl('truth/00000001.jsonl', said.tshark)
  return folder
}

function scoreOf(capture: string, said: Said, ...more: string[]) {
  const args = [SCRIPT, '--json', '--corpus', corpusOf(capture, said), ...more]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  return { status, ...JSON.parse(stdout) }
}

const GET = { sha8: '00000001', src: '10.11.0.2', sport: 42130, dst: '10.11.0.3', dport: 80 }
const byNdpi = (proto: string, confidence = 'DPI') => ({ ...GET, l4: 'TCP', proto, confidence, cleartext: true })
const byArkime = (...protocols: string[]) => ({ ...GET, ipProtocol: 6, protocols })
const byTshark = (protocol: string) => ({ ...GET, proto: 'tcp', protos: { [protocol]: 1 } })

it('counts a flow that is named as a tool expects', () => {
  const { rows, verdicts, status } = scoreOf('http-plain-get.pcap', { arkime: [byArkime('http', 'tcp')] })
  expect(rows).toMatchObject([{ protocol: 'http', flows: 1, same: 1, disputed: 0, differences: [] }])
  expect(verdicts).toMatchObject({ cleartext: 1, strong: [] })
  expect(status).toBe(0)
})

it('fails where a protocol has another name', () => {
  const { rows, status } = scoreOf('http-plain-get.pcap', { ndpi: [byNdpi('Redis')] })
  expect(rows).toMatchObject([{ protocol: 'redis', flows: 1, same: 0, other: 1 }])
  expect(rows[0].differences).toMatchObject([{ path: 'captures/00000001.pcap', ours: ['http plaintext'] }])
  expect(status).toBe(1)
})

it('reads either direction of a flow, and says which flows are missing', () => {
  const { src, sport, dst, dport } = GET
  const turned = { ...byArkime('http'), src: dst, sport: dport, dst: src, dport: sport }
  const elsewhere = { ...byArkime('http'), sport: 1 }
  const { rows } = scoreOf('http-plain-get.pcap', { arkime: [turned, elsewhere] })
  expect(rows).toMatchObject([{ flows: 2, same: 1, missing: 1 }])
})

it('holds a disputed flow to what two tools say', () => {
  const said = { ndpi: [byNdpi('Redis')], arkime: [byArkime('http')], tshark: [byTshark('http')] }
  expect(scoreOf('http-plain-get.pcap', said).rows).toMatchObject([
    { protocol: 'http', flows: 1, same: 1, disputed: 1 },
  ])
})

it('holds a flow to nothing when each tool says something else', () => {
  const said = { ndpi: [byNdpi('Redis')], arkime: [byArkime('http')] }
  expect(scoreOf('http-plain-get.pcap', said).rows).toMatchObject([{ flows: 0, disputed: 1 }])
})

it('does not count what was guessed by the port, nor tshark alone unless asked to', () => {
  const said = { ndpi: [byNdpi('Redis', 'Match by port')], tshark: [byTshark('resp')] }
  expect(scoreOf('http-plain-get.pcap', said).rows).toEqual([])
  expect(scoreOf('http-plain-get.pcap', said, '--tshark').rows).toMatchObject([
    { protocol: 'redis', flows: 1, other: 1 },
  ])
})

it('gives a statement without ends to the only flow that it fits', () => {
  const match = { event_type: 'http', 'http.hostname': 'server' }
  const { rows, homeless } = scoreOf('http-plain-get.pcap', {
    suricata: [
      { sha8: '00000001', count: 1, match },
      { sha8: '00000001', count: 1, match: { event_type: 'quic' } },
      { sha8: '00000001', count: 0, match: { event_type: 'smtp' } },
    ],
  })
  expect(rows).toMatchObject([{ protocol: 'http', flows: 1, same: 1 }])
  expect(homeless).toEqual({ suricata: 1 })
})

it('takes what a flow became for its name as well', () => {
  const upgraded = { ...byArkime('http', 'websocket'), sport: 43358 }
  expect(scoreOf('http-websocket.pcap', { arkime: [upgraded] }).rows).toMatchObject([
    { protocol: 'websocket', same: 1 },
  ])
})

it('does not take a CONNECT for a word on what its tunnel carries', () => {
  const strong = { src_ip: '10.11.0.2', src_port: 43890, dest_ip: '10.11.0.3', dest_port: 443, proto: 'TCP' }
  const match = { ...strong, event_type: 'http' }
  const said = (url: string) => ({ suricata: [{ sha8: '00000001', count: 1, match: { ...match, 'http.url': url } }] })
  expect(scoreOf('tls12-chacha20.pcap', said('/')).verdicts).toMatchObject({ cleartext: 1, strong: [{}] })
  expect(scoreOf('tls12-chacha20.pcap', said('web.example.test:443')).verdicts).toMatchObject({
    cleartext: 0,
    strong: [],
  })
})

it('names a strong flow that a tool calls cleartext, and a plaintext one that a tool calls TLS', () => {
  const strong = { ...byNdpi('HTTP'), sport: 43890, dport: 443 }
  expect(scoreOf('tls12-chacha20.pcap', { ndpi: [strong] }).verdicts.strong).toHaveLength(1)
  expect(scoreOf('http-plain-get.pcap', { arkime: [byArkime('tls')] }).verdicts.plaintext).toHaveLength(1)
})
