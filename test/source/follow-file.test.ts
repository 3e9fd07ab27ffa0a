import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFollowed } from '../../src/source/follow-file.ts'
import { Pcapng, splitAt } from './captures.ts'
import { PROMPT_MS, Reading, refusal, sleep, until } from './live-reading.ts'
import { frame, hex, pcapOf } from './numbered-frames.ts'

let folder: string
let path: string
const readings: Reading[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-follow-'))
  path = join(folder, 'trace.pcap')
})
afterEach(async () => {
  for (const reading of readings.splice(0)) await reading.close()
  rmSync(folder, { recursive: true })
})

async function follow(): Promise<Reading> {
  const reading = new Reading(await openFollowed(path))
  readings.push(reading)
  return reading
}

describe('a file that grows', () => {
  const ng = new Pcapng(true)
  const frames = Array.from({ length: 20 }, (_, n) => n + 1)
  const pcapng = [ng.section(), ng.interface(1), ...frames.map((n) => ng.enhanced(0, BigInt(n), frame(n)))]

  it.each([
    { name: 'pcap', bytes: pcapOf(...frames) },
    { name: 'pcapng', bytes: Buffer.concat(pcapng) },
  ])('in odd pieces of $name gives each frame once it is whole', async ({ bytes }) => {
    writeFileSync(path, '')
    const reading = await follow()
    // Inside the file header, inside a frame's header, inside frames, at their ends.
    for (const piece of splitAt(bytes, [1, 7, 23, 24, 29, 41, 100, 101, 333, 334, 800, 1201, 1543])) {
      appendFileSync(path, piece)
      await sleep(15)
    }
    await reading.has(frames.length)
    expect(reading.hex).toEqual(frames.map(hex))
    expect(reading.source).toMatchObject({ damage: null, size: null, name: `follow:${path}` })
    expect(reading.source.stats).toMatchObject({ bytesRead: bytes.length, captures: { opened: 1, damaged: 0 } })
  })

  it('gives what it holds first, then empty batches, then what comes', async () => {
    writeFileSync(path, pcapOf(1, 2).subarray(0, 24 + 76 + 30))
    const reading = await follow()
    await reading.has(1)
    await sleep(600)
    expect(reading.quiet).toBeGreaterThanOrEqual(1)
    expect(reading.ended).toBe(false)
    appendFileSync(path, pcapOf(1, 2).subarray(24 + 76 + 30))
    await reading.has(2)
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
  })

  it('may be compressed', async () => {
    const bytes = gzipSync(pcapOf(1, 2))
    writeFileSync(path, bytes.subarray(0, 50))
    const reading = await follow()
    appendFileSync(path, bytes.subarray(50))
    await until(() => reading.frames.length > 0)
    expect(reading.hex[0]).toBe(hex(1))
  })
})

describe('rotation', () => {
  it('by renaming: the old file is read to its end, then the new one', async () => {
    writeFileSync(path, pcapOf(1))
    const reading = await follow()
    await reading.has(1)
    renameSync(path, `${path}.1`)
    // Its writer has not noticed yet.
    appendFileSync(`${path}.1`, pcapOf(2).subarray(24))
    await sleep(250)
    writeFileSync(path, pcapOf(3))
    appendFileSync(`${path}.1`, pcapOf(4).subarray(24))
    await reading.has(4)
    expect(reading.hex).toEqual([1, 2, 4, 3].map(hex))
    expect(reading.source.stats.captures).toMatchObject({ opened: 2, finished: 1, damaged: 0 })
  })

  it('by deleting, with another format', async () => {
    writeFileSync(path, pcapOf(1))
    const reading = await follow()
    await reading.has(1)
    unlinkSync(path)
    await sleep(250)
    const ng = new Pcapng(false)
    writeFileSync(path, Buffer.concat([ng.section(), ng.interface(1), ng.enhanced(0, 1n, frame(2))]))
    await reading.has(2)
    expect(reading.hex).toEqual([1, 2].map(hex))
  })

  it('in place: a file begun anew is read from its start', async () => {
    writeFileSync(path, pcapOf(1, 2))
    const reading = await follow()
    await reading.has(2)
    truncateSync(path)
    appendFileSync(path, pcapOf(3))
    await reading.has(3)
    appendFileSync(path, pcapOf(4).subarray(24))
    await reading.has(4)
    expect(reading.hex).toEqual([1, 2, 3, 4].map(hex))
  })

  it('inside a frame is counted, and so is damage; either is over with the next file', async () => {
    writeFileSync(path, pcapOf(1, 2).subarray(0, 24 + 76 + 30))
    const reading = await follow()
    await reading.has(1)
    renameSync(path, `${path}.1`)
    writeFileSync(path, Buffer.concat([pcapOf(3), Buffer.alloc(40, 0xff)]))
    await reading.has(2)
    await until(() => reading.source.stats.captures?.damaged === 2)
    expect(reading.source.stats.captures?.lastProblem).toBe(
      `${path}: a frame claims 4294967295 captured bytes; the most believed here is 262144`,
    )
    renameSync(path, `${path}.2`)
    writeFileSync(path, pcapOf(4))
    await reading.has(3)
    expect(reading.source.damage).toBeNull()
  })
})

describe('what cannot be followed', () => {
  it.each([
    { name: 'a file that is not there', make: () => {}, code: 'ERR_SOURCE_NOT_FOUND', fix: /check the path/ },
    {
      name: 'no capture',
      make: () => writeFileSync(path, 'x'.repeat(50)),
      code: 'ERR_SOURCE_FORMAT',
      fix: /name a pcap/,
    },
    { name: 'a folder', make: () => (path = folder), code: 'ERR_SOURCE_FORMAT', fix: /^watch:/ },
  ])('is refused: $name', async ({ make, code, fix }) => {
    make()
    expect(await refusal(openFollowed(path))).toMatchObject({ code, fix: expect.stringMatching(fix) })
  })

  it('leaves the file as it is', async () => {
    writeFileSync(path, pcapOf(1))
    const reading = await follow()
    await reading.has(1)
    expect(readFileSync(path)).toEqual(pcapOf(1))
  })
})
