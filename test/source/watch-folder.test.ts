import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWatched } from '../../src/source/watch-folder.ts'
import { Pcapng } from './captures.ts'
import { PROMPT_MS, Reading, refusal, sleep, until } from './live-reading.ts'
import { frame, hex, pcapOf } from './numbered-frames.ts'

let folder: string
const readings: Reading[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-watch-'))
})
afterEach(async () => {
  for (const reading of readings.splice(0)) await reading.close()
  rmSync(folder, { recursive: true })
})

const write = (name: string, bytes: Buffer | string): void => writeFileSync(join(folder, name), bytes)
const append = (name: string, bytes: Buffer): void => appendFileSync(join(folder, name), bytes)

/** Last changed so many seconds ago. */
function aged(name: string, seconds: number, bytes: Buffer): void {
  write(name, bytes)
  const time = Date.now() / 1000 - seconds
  utimesSync(join(folder, name), time, time)
}

async function watch(): Promise<Reading> {
  const reading = new Reading(await openWatched(folder))
  readings.push(reading)
  return reading
}

describe('a folder of rotating captures', () => {
  it('is read in the order of last change, each file once, and the newest as it grows', async () => {
    aged('c.pcap', 30, pcapOf(1, 2))
    aged('a.pcap', 20, pcapOf(3))
    aged('b.pcap', 10, pcapOf(4))
    const reading = await watch()
    await reading.has(4)
    append('b.pcap', pcapOf(5, 6).subarray(24, 24 + 76 + 30))
    await reading.has(5)
    append('b.pcap', pcapOf(5, 6).subarray(24 + 76 + 30))
    await reading.has(6)
    write('d.pcap', pcapOf(7))
    await reading.has(7)
    append('d.pcap', pcapOf(8).subarray(24))
    await reading.has(8)
    await sleep(600)
    expect(reading.hex).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(hex))
    expect(reading.quiet).toBeGreaterThan(0)
    expect(reading.ended).toBe(false)
    expect(reading.source.stats.captures).toMatchObject({ opened: 4, finished: 3, damaged: 0, failed: 0 })
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
  })

  it('may be empty at first', async () => {
    const reading = await watch()
    await sleep(300)
    write('first.pcap', '')
    await sleep(300)
    append('first.pcap', pcapOf(1))
    await reading.has(1)
    expect(reading.source.stats.captures).toMatchObject({ opened: 1, damaged: 0 })
  })

  it('takes files of the same instant by the numbers in their names', async () => {
    for (const n of [10, 9, 2, 1]) aged(`trace${n}.pcap`, 0, pcapOf(n))
    const time = Date.now() / 1000 - 60
    for (const n of [10, 9, 2, 1]) utimesSync(join(folder, `trace${n}.pcap`), time, time)
    const reading = await watch()
    await reading.has(4)
    expect(reading.hex).toEqual([1, 2, 9, 10].map(hex))
  })

  it('reads a long backlog without waiting at the end of each file', async () => {
    for (let n = 1; n <= 100; n++) aged(`${n}.pcap`, 3 * (200 - n), pcapOf(n))
    const startMs = performance.now()
    const reading = await watch()
    await until(() => reading.frames.length === 100)
    expect(performance.now() - startMs).toBeLessThan(2000)
    expect(reading.hex).toEqual(Array.from({ length: 100 }, (_, n) => hex(n + 1)))
  })

  it('leaves timers their turn while it reads a backlog', async () => {
    for (let n = 1; n <= 3000; n++) aged(`${n}.pcap`, 2 * (4000 - n), pcapOf(1))
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    const reading = await watch()
    await until(() => reading.frames.length === 3000, 20_000)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(5)
  })

  it('reads what its writer still adds to a file when the next has begun', async () => {
    write('1.pcap', pcapOf(1))
    const reading = await watch()
    await reading.has(1)
    await sleep(20)
    write('2.pcap', pcapOf(3))
    await sleep(20)
    append('1.pcap', pcapOf(2).subarray(24))
    await reading.has(3)
    expect(reading.hex.sort()).toEqual([1, 2, 3].map(hex))
    expect(reading.source.stats.captures?.lastProblem).toBeNull()
  })

  it('tells of a file that grew when it had been left', async () => {
    aged('1.pcap', 10, pcapOf(1))
    write('2.pcap', pcapOf(2))
    const reading = await watch()
    await reading.has(2)
    append('1.pcap', pcapOf(3).subarray(24))
    await until(() => reading.source.stats.captures?.failed === 1)
    expect(reading.source.stats.captures?.lastProblem).toBe(
      '1.pcap grew when a newer file had been begun: 76 bytes were not read',
    )
    await sleep(600)
    expect(reading.source.stats.captures?.failed).toBe(1)
    expect(reading.hex).toEqual([1, 2].map(hex))
  })
})

describe('a ring', () => {
  it('that deletes its oldest file gives each frame once', async () => {
    const reading = await watch()
    for (let n = 1; n <= 6; n++) {
      write(`ring_${n}.pcap`, pcapOf(n))
      if (n > 2) unlinkSync(join(folder, `ring_${n - 2}.pcap`))
      await reading.has(n)
    }
    expect(reading.hex).toEqual([1, 2, 3, 4, 5, 6].map(hex))
    expect(reading.source.stats.captures).toMatchObject({ opened: 6, damaged: 0, failed: 0 })
  })

  it.each([
    { name: 'smaller than before', again: pcapOf(3) },
    { name: 'larger than before', again: pcapOf(3, 4, 5) },
  ])('that writes into an old file again, $name, is read again', async ({ again }) => {
    aged('0.pcap', 10, pcapOf(1, 1))
    write('1.pcap', pcapOf(2))
    const reading = await watch()
    await reading.has(3)
    await sleep(50)
    truncateSync(join(folder, '0.pcap'))
    append('0.pcap', again)
    await reading.has(3 + (again.length - 24) / 76)
    expect(reading.hex.slice(0, 4)).toEqual([1, 1, 2, 3].map(hex))
  })

  it.each([
    { name: 'in place', again: () => truncateSync(join(folder, '0.pcap')) },
    { name: 'after deleting it', again: () => unlinkSync(join(folder, '0.pcap')) },
  ])('that writes its only file again, $name, is read again', async ({ again }) => {
    write('0.pcap', pcapOf(1, 2))
    const reading = await watch()
    await reading.has(2)
    again()
    append('0.pcap', pcapOf(3))
    await reading.has(3)
    expect(reading.hex).toEqual([1, 2, 3].map(hex))
  })
})

describe('what lies in the folder besides', () => {
  it('does not disturb: a text, a folder, a capture older than the newest', async () => {
    mkdirSync(join(folder, 'sub'))
    aged('README.txt', 100, Buffer.from('this is what the captures are'))
    const ng = new Pcapng(false)
    write('now.pcapng', Buffer.concat([ng.section(), ng.interface(1), ng.enhanced(0, 1n, frame(1))]))
    const reading = await watch()
    await reading.has(1)
    expect(reading.source.stats.captures).toMatchObject({
      damaged: 1,
      lastProblem: expect.stringContaining('README.txt'),
    })
    aged('copied.pcap', 1000, pcapOf(2))
    await reading.has(2)
    append('now.pcapng', ng.enhanced(0, 2n, frame(3)))
    await reading.has(3)
    expect(reading.hex).toEqual([1, 2, 3].map(hex))
    expect(reading.source.damage).toBeNull()
  })

  it('is refused when there is no folder', async () => {
    write('a.pcap', pcapOf(1))
    expect(await refusal(openWatched(join(folder, 'none')))).toMatchObject({ code: 'ERR_SOURCE_NOT_FOUND' })
    expect(await refusal(openWatched(join(folder, 'a.pcap')))).toMatchObject({
      code: 'ERR_SOURCE_FORMAT',
      fix: `follow:${join(folder, 'a.pcap')} reads a file that grows`,
    })
  })
})
