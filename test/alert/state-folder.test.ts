/** Findings on disk: whole, and what changed since; as a run that was killed leaves them, and one whose disk was full. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createAlertEngine } from '../../src/alert/index.ts'
import { StateFolder } from '../../src/alert/state-folder.ts'
import { clear, flow } from './simulate.ts'

const folders: string[] = []
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-state-'))
  folders.push(folder)
})
afterAll(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true })
})

/** A finding of A2 at each of the servers, its flows at `seconds`. */
const plain = (servers: readonly number[], seconds: number) =>
  servers.map((n) => flow(seconds, clear('http', { server_ip: `10.1.${n >> 8}.${n & 255}`, server_port: 443 })))

function seen(engine: ReturnType<typeof createAlertEngine>, servers: readonly number[], seconds: number) {
  for (const record of plain(servers, seconds)) engine.flow(record)
  return engine.takeChanged()
}

const sorted = <T extends { key: string }>(findings: readonly T[]): T[] =>
  [...findings].sort((a, b) => (a.key < b.key ? -1 : 1))

const journals = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.jsonl'))

describe('findings on disk', () => {
  it('are what is known, after each change, to another process and to the next run', () => {
    const engine = createAlertEngine()
    const state = new StateFolder(folder)
    for (const [seconds, servers] of [
      [0, [1, 2, 3]],
      [60, [2]],
      [120, [3, 4]],
    ] as const) {
      state.saveChanged(engine, seen(engine, servers, seconds), seconds)
      expect(sorted(new StateFolder(folder).findings())).toEqual(sorted(engine.findings()))
    }
    const next = createAlertEngine()
    expect(new StateFolder(folder).restore(next)).toBe(120)
    expect(sorted(next.findings())).toEqual(sorted(engine.findings()))
    expect(next.findings().length).toBeGreaterThanOrEqual(4)
  })

  it('of which one changed are not written again', () => {
    const engine = createAlertEngine()
    const state = new StateFolder(folder)
    const many = Array.from({ length: 500 }, (_, n) => n)
    state.saveChanged(engine, seen(engine, many, 0), 0)
    const whole = statSync(join(folder, 'findings.json'))
    state.saveChanged(engine, seen(engine, [7], 60), 0)
    const after = statSync(join(folder, 'findings.json'))
    expect([after.ino, after.size]).toEqual([whole.ino, whole.size])
    const [journal = ''] = journals()
    expect(statSync(join(folder, journal)).size).toBeLessThan(whole.size / 50)
  })

  it('take a journal up that has become longer than they are', () => {
    const engine = createAlertEngine()
    const state = new StateFolder(folder)
    const some = Array.from({ length: 100 }, (_, n) => n)
    const files = new Set<string>()
    for (let n = 0; n < 20; n++) {
      state.saveChanged(engine, seen(engine, some, n * 60), 0)
      for (const name of journals()) files.add(name)
    }
    expect(files.size).toBeGreaterThan(1)
    expect(journals().length).toBeLessThanOrEqual(1)
    expect(sorted(new StateFolder(folder).findings())).toEqual(sorted(engine.findings()))
  })

  it('do without a line that was not written to its end', () => {
    const engine = createAlertEngine()
    const state = new StateFolder(folder)
    state.saveChanged(engine, seen(engine, [1], 0), 0)
    state.saveChanged(engine, seen(engine, [2], 60), 5)
    const known = sorted(engine.findings())
    const [journal = ''] = journals()
    const line = readFileSync(join(folder, journal), 'utf8')
    appendFileSync(join(folder, journal), line.slice(0, line.length / 2))
    const next = createAlertEngine()
    expect(new StateFolder(folder).restore(next)).toBe(5)
    expect(sorted(next.findings())).toEqual(known)
  })

  it('are written whole after a change could not be', () => {
    const engine = createAlertEngine()
    const state = new StateFolder(folder)
    state.saveChanged(engine, seen(engine, [1], 0), 0)
    const { journal } = JSON.parse(readFileSync(join(folder, 'findings.json'), 'utf8'))
    const path = join(folder, `findings-${journal}.jsonl`)
    mkdirSync(path)
    expect(() => state.saveChanged(engine, seen(engine, [2], 60), 0)).toThrow(/cannot be used/)
    rmSync(path, { recursive: true })
    state.saveChanged(engine, seen(engine, [3], 120), 0)
    expect(existsSync(path)).toBe(false)
    expect(sorted(new StateFolder(folder).findings())).toEqual(sorted(engine.findings()))
  })

  it('of a run that was killed before it removed its journal do not go back to that', () => {
    const engine = createAlertEngine()
    const state = new StateFolder(folder)
    state.saveChanged(engine, seen(engine, [1], 0), 0)
    state.saveChanged(engine, seen(engine, [1], 60), 0)
    const [journal = ''] = journals()
    const former = readFileSync(join(folder, journal), 'utf8')
    seen(engine, [1], 120)
    state.saveFindings(engine, 0)
    appendFileSync(join(folder, journal), former)
    expect(sorted(new StateFolder(folder).findings())).toEqual(sorted(engine.findings()))
  })
})
