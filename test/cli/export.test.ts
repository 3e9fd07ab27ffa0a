import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CAPTURES, intransit, records } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'export-'))
const data = join(folder, 'data')
const FILES = ['tls12-rc4.pcap', 'http-bearer.pcap', 'tls-expired-cert.pcap'].map((name) => join(CAPTURES, name))

beforeAll(() => {
  expect(intransit(['replay', ...FILES, '--data', data]).status).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const exported = (format: string, ...more: string[]) =>
  intransit(['export', '--format', format, '--data', data, ...more])
const replayed = (format: string) => intransit(['replay', '--format', format, '--no-store', ...FILES])

type Line = Record<string, Record<string, unknown>>
const byId = (lines: Record<string, unknown>[]) =>
  (lines as Line[]).sort((a, b) => (String(a['event']?.['id']) < String(b['event']?.['id']) ? -1 : 1))

describe('export', () => {
  it('writes the same ECS from a store as a replay does, but the lists of a ClientHello', () => {
    const fromFiles = byId(records(replayed('ecs').stdout))
    for (const { tls } of fromFiles)
      delete (tls?.['client'] as Record<string, unknown> | undefined)?.['supported_ciphers']
    const { stdout, status } = exported('ecs')
    expect(status).toBe(0)
    const fromStore = byId(records(stdout))
    expect(fromStore.length).toBeGreaterThan(2)
    expect(fromStore.map(({ network, tls }) => ({ network, tls: tls?.['server'] }))).toEqual(
      fromFiles.map(({ network, tls }) => ({ network, tls: tls?.['server'] })),
    )
  })

  it('writes the same findings as a replay does', () => {
    const findings = (stdout: string) => records(stdout).filter((one) => one['class_uid'] === 2003)
    expect(findings(exported('ocsf').stdout)).toEqual(findings(replayed('ocsf').stdout))
    expect(findings(exported('ocsf').stdout).length).toBeGreaterThan(3)
  })

  it('writes CSV with a heading', () => {
    const [head, ...rows] = exported('csv').stdout.trimEnd().split('\r\n')
    expect(head?.split(',')).toEqual(
      expect.arrayContaining(['flow_id', 'community_id', 'verdict', 'cipher_suite_name']),
    )
    expect(rows).toHaveLength(records(exported('ecs').stdout).length)
    expect(exported('csv', '--from', '2200-01-01').stdout.trimEnd()).toBe(head)
  })

  it('writes an inventory', () => {
    const bom = JSON.parse(exported('cbom').stdout)
    const refs = bom.components.map((one: Record<string, string>) => one['bom-ref'])
    expect(refs).toEqual(expect.arrayContaining(['protocol/tls/1.2', 'algorithm/stream-cipher/RC4-128']))
    expect(refs.some((ref: string) => ref.startsWith('certificate/'))).toBe(true)
  })

  it('is of the time that is asked for', () => {
    expect(exported('ecs', '--from', '2200-01-01').stdout).toBe('')
    expect(exported('ecs', '--to', '1990-01-01T00:00:00Z').stdout).toBe('')
  })

  it.each([
    { args: ['--format', 'ecs'], status: 2, says: /^ERR_USAGE: no store was named/ },
    { args: ['--format', 'xml', '--data', data], status: 2, says: /xml/ },
    { args: ['--data', data], status: 2, says: /--format/ },
    { args: ['--format', 'ecs', '--data', join(folder, 'gone')], status: 5, says: /^ERR_DATA_FOLDER: .*gone/ },
    {
      args: ['--format', 'ecs', '--data', data, '--from', 'yesterday'],
      status: 2,
      says: /^ERR_USAGE: --from yesterday.*Fix: /,
    },
    { args: ['--format', 'ecs', '--data', data, '--from', '1969-12-31'], status: 2, says: /^ERR_USAGE: --from 1969/ },
  ])('$args is one clear error', ({ args, status, says }) => {
    const ran = intransit(['export', ...args])
    expect(ran.stderr).toMatch(says)
    expect(ran.status).toBe(status)
  })
})
