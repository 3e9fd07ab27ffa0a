/** Disks of a few MiB that are full: of the embedded store and of the spool. What is wrong is told at once, and what mends it. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../prometheus/running-prometheus.ts'
import { CAPTURES, intransit } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-full-'))
const mounted: string[] = []
afterAll(() => {
  for (const disk of mounted) spawnSync('umount', ['--lazy', disk])
  rmSync(folder, { recursive: true, force: true })
})

/** Null: it cannot be made here. Its files are few, too. */
function disk(name: string, options: string): string | null {
  const path = join(folder, name)
  mkdirSync(path)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status !== 0) return null
  mounted.push(path)
  return path
}

const canMount = disk('probe', 'size=1m') !== null
const FULL = /^ERR_STORE_FULL: .* its disk is full\. Fix: make room on it, or name another place with --/m

describe.skipIf(!canMount)(`a full disk (${canMount ? 'as root' : 'needs root'})`, () => {
  it.each([
    { name: 'no room for the first table', options: 'size=64k' },
    { name: 'no room in the middle of the schema', options: 'size=256k' },
    { name: 'no files left', options: 'size=64m,nr_inodes=30' },
    { name: 'no file for its folder', options: 'size=64m,nr_inodes=1' },
  ])('$name: the embedded store says so', ({ name, options }) => {
    const place = disk(name.replaceAll(' ', '-'), options) as string
    const refused = intransit(['migrate', '--data', join(place, 'data')])
    expect(refused.stderr).toMatch(FULL)
    expect(refused.stderr.trim().split('\n')).toHaveLength(1)
    expect(refused.status).toBe(5)
  })

  it('that has room again is used as if nothing had been', () => {
    const place = disk('again', 'size=64m') as string
    const data = join(place, 'data')
    writeFileSync(join(place, 'ballast'), Buffer.alloc((64 * 1024 - 256) * 1024))
    expect(intransit(['migrate', '--data', data]).stderr).toMatch(FULL)
    rmSync(join(place, 'ballast'))
    expect(intransit(['migrate', '--data', data]).status).toBe(0)
    expect(intransit(['replay', join(CAPTURES, 'http-plain-get.pcap'), '--data', data]).status).toBe(0)
  })

  let port = 0
  beforeAll(async () => {
    port = await freePort()
  })

  it('of the spool is told before anything is captured', () => {
    const spool = join(disk('spool', 'size=64m,nr_inodes=1') as string, 'spool')
    const source = ['--source', `tcp-listen://127.0.0.1:${port}`, '--data', join(folder, 'data')]
    const refused = intransit(['capture', ...source, '--spool', spool], { timeout: 60_000 })
    expect(refused.stderr).toMatch(/^ERR_STORE_FULL: the spool folder .* its disk is full\. .* with --spool;/m)
    expect(refused.status).toBe(5)
  })
})
