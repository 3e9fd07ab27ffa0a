import { execFileSync, spawn } from 'node:child_process'
import { closeSync, createWriteStream, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPcapStream } from '../../src/source/pcap-stream.ts'
import { Pcapng } from './captures.ts'
import { PROMPT_MS, Reading, refusal, sleep } from './live-reading.ts'
import { frame, hex, pcapOf } from './numbered-frames.ts'

let folder: string
let fifos = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-stream-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function makeFifo(): string {
  const path = join(folder, `${fifos++}.fifo`)
  execFileSync('mkfifo', [path])
  return path
}

describe('a FIFO', () => {
  it('is opened before its writer comes, read while it writes, and ends when it goes', async () => {
    const path = makeFifo()
    const reading = new Reading(await openPcapStream(path))
    await sleep(600)
    expect(reading.quiet).toBeGreaterThan(0)
    const writer = createWriteStream(path)
    const bytes = pcapOf(1, 2, 3)
    writer.write(bytes.subarray(0, 30))
    await sleep(50)
    writer.write(bytes.subarray(30, 24 + 76 + 10))
    await reading.has(1)
    writer.write(bytes.subarray(24 + 76 + 10))
    await reading.has(3)
    expect(reading.ended).toBe(false)
    writer.end()
    await reading.done
    expect(reading.hex).toEqual([hex(1), hex(2), hex(3)])
    expect(reading.source).toMatchObject({ damage: null, name: `pcap-stream:${path}`, size: null })
    expect(reading.source.stats).toMatchObject({ frames: 3, bytesRead: bytes.length })
  })

  it('may carry pcapng', async () => {
    const path = makeFifo()
    const reading = new Reading(await openPcapStream(path))
    const ng = new Pcapng(false)
    const writer = createWriteStream(path)
    writer.end(
      Buffer.concat([ng.section(), ng.interface(1), ng.block(9, Buffer.alloc(8)), ng.enhanced(0, 5n, frame(7))]),
    )
    await reading.done
    expect(reading.hex).toEqual([hex(7)])
    expect(reading.source.stats.skippedBlocks).toEqual({ systemd_journal: 1 })
  })

  it('that ends inside a frame is damaged, and gives all frames before', async () => {
    const path = makeFifo()
    const reading = new Reading(await openPcapStream(path))
    createWriteStream(path).end(pcapOf(1, 2).subarray(0, 24 + 76 + 40))
    await reading.done
    expect(reading.hex).toEqual([hex(1)])
    expect(reading.source.damage).toEqual({ offset: 24 + 76, what: 'cut off inside a frame: 24 of 60 bytes' })
    expect(reading.source.stats.captures).toMatchObject({ opened: 1, finished: 0, damaged: 1 })
  })

  it('that carries no capture is told as damage, not thrown', async () => {
    const path = makeFifo()
    const reading = new Reading(await openPcapStream(path))
    createWriteStream(path).end('these are no frames at all')
    await reading.done
    expect(reading.source.damage?.what).toContain('is not a capture')
  })

  it('closes at once, whether its writer has come or not', async () => {
    expect(await new Reading(await openPcapStream(makeFifo())).close()).toBeLessThan(PROMPT_MS)
    const path = makeFifo()
    const reading = new Reading(await openPcapStream(path))
    const writer = createWriteStream(path)
    writer.on('error', () => {})
    writer.write(pcapOf(1))
    await reading.has(1)
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
    writer.destroy()
  })

  it('ends when its consumer leaves', async () => {
    const path = makeFifo()
    const source = await openPcapStream(path)
    createWriteStream(path)
      .on('error', () => {})
      .write(pcapOf(1, 2))
    for await (const { count } of source.batches()) if (count > 0) break
    await source.close()
    expect(source.stats.frames).toBe(2)
  })
})

describe('standard input', () => {
  const program = fileURLToPath(new URL('./stdin-reader.ts', import.meta.url))
  const start = (where: string, stdin: 'pipe' | number): ReturnType<typeof spawn> =>
    spawn(process.execPath, ['--import', 'tsx', program, where], { stdio: [stdin, 'pipe', 'inherit'] })

  async function outputOf({ stdout }: ReturnType<typeof spawn>): Promise<string> {
    let text = ''
    for await (const chunk of stdout ?? []) text += chunk
    return text
  }

  it.each(['thread', 'worker'])(
    'of a process is read in its %s, and keeps it from ending no longer than it is open',
    async (where) => {
      const child = start(where, 'pipe')
      child.stdin?.write(pcapOf(1))
      await sleep(50)
      child.stdin?.write(pcapOf(2).subarray(24))
      // The pipe stays open.
      expect(await outputOf(child)).toBe('2 frames, open\n')
    },
  )

  it('ends with its writer', async () => {
    const child = start('thread', 'pipe')
    child.stdin?.end(pcapOf(1))
    expect(await outputOf(child)).toBe('1 frames, ended\n')
  })

  it('may be a file', async () => {
    const path = join(folder, 'stdin.pcap')
    writeFileSync(path, pcapOf(1))
    const fd = openSync(path, 'r')
    expect(await outputOf(start('thread', fd))).toBe('1 frames, ended\n')
    closeSync(fd)
  })
})

describe('what is no stream', () => {
  it('is refused with the source that fits', async () => {
    const file = join(folder, 'a.pcap')
    writeFileSync(file, pcapOf(1))
    expect(await refusal(openPcapStream(file))).toMatchObject({
      code: 'ERR_SOURCE_FORMAT',
      fix: `follow:${file} reads a file that grows`,
    })
    expect(await refusal(openPcapStream(folder))).toMatchObject({
      code: 'ERR_SOURCE_FORMAT',
      fix: `watch:${folder} reads the captures in a folder`,
    })
    expect(await refusal(openPcapStream(join(folder, 'none')))).toMatchObject({ code: 'ERR_SOURCE_NOT_FOUND' })
  })
})
