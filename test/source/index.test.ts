import { spawnSync } from 'node:child_process'
import { chmodSync, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource } from '../../src/source/index.ts'
import { PcapWriter, pcapFileHeader } from '../../src/source/pcap-write.ts'
import { noDrops } from '../../src/source/source.ts'
import { Pcapng, readBytes, readFrames } from './captures.ts'

let root = ''
const at = (name: string): string => join(root, name)
const place = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(at(name), bytes)
  return at(name)
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'intransit-open-'))
})
afterAll(() => rmSync(root, { recursive: true }))

function threeFrames(): Buffer {
  const writer = new PcapWriter(1)
  for (let i = 0; i < 3; i++) writer.append(1_700_000_000, i, Buffer.alloc(10 + i, i))
  return writer.take()
}

describe('openSource', () => {
  it.each([
    { name: 'plain.txt', pack: (bytes: Buffer) => bytes },
    { name: 'packed.pcap', pack: (bytes: Buffer) => gzipSync(bytes) },
  ])('reads a file by its bytes, not its name: $name', async ({ name, pack }) => {
    const bytes = pack(threeFrames())
    const source = await openSource(place(name, bytes))
    expect(source).toMatchObject({ name: at(name), size: bytes.length, damage: null })
    expect(await readFrames(source)).toEqual((await readBytes(threeFrames())).frames)
    expect(source.stats).toEqual({ bytesRead: bytes.length, frames: 3, skippedBlocks: {}, drops: noDrops() })
  })

  it('reads standard input by the name "-", without a size', async () => {
    const source = await openSource('-', Readable.from([threeFrames()]))
    expect(source).toMatchObject({ name: '-', size: null })
    expect(await readFrames(source)).toHaveLength(3)
  })

  it.skipIf(process.platform === 'win32')('reads a FIFO', async () => {
    expect(spawnSync('mkfifo', [at('fifo')]).status).toBe(0)
    createWriteStream(at('fifo')).end(threeFrames())
    const source = await openSource(at('fifo'))
    expect(source.size).toBeNull()
    expect(await readFrames(source)).toHaveLength(3)
  })

  it('reads a file larger than its window to the last frame, with the time of each', async () => {
    const writer = new PcapWriter(1)
    for (let i = 0; i < 30_000; i++) writer.append(1_700_000_000, i, Buffer.alloc(60 + (i % 90), i & 0xff))
    const source = await openSource(place('large', writer.take()))
    let seen = 0
    for await (const { count, bytes, at: offsets, captured, time } of source.batches()) {
      expect(count).toBeLessThanOrEqual(8192)
      for (let i = 0; i < count; i++, seen++) {
        const from = offsets[i] ?? 0
        const length = captured[i] ?? 0
        if (bytes[from] !== (seen & 0xff) || bytes[from + length - 1] !== (seen & 0xff))
          throw new Error(`frame ${seen}`)
        if (length !== 60 + (seen % 90) || time[i] !== 1_700_000_000e6 + seen) throw new Error(`frame ${seen}`)
      }
    }
    expect(seen).toBe(30_000)
    expect(source.damage).toBeNull()
  })

  it('ends a stream that breaks with damage, after the frames before', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield threeFrames()
      throw new Error('the pipe broke')
    }
    const source = await openSource('-', Readable.from(broken()))
    expect(await readFrames(source)).toHaveLength(3)
    expect(source.damage).toEqual({
      offset: threeFrames().length,
      what: 'the stream could not be read further: the pipe broke',
    })
  })

  it('lets timers run while a long file is read', async () => {
    const writer = new PcapWriter(1)
    for (let i = 0; i < 100; i++) writer.append(0, i, Buffer.alloc(250_000))
    const source = await openSource(place('long', writer.take()))
    let ticks = 0
    const timer = setInterval(() => ticks++, 0)
    for await (const _batch of source.batches());
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(0)
  })

  it.each([
    { name: 'an empty file', bytes: Buffer.alloc(0), message: 'is empty' },
    { name: 'text', bytes: Buffer.from('hello, world'), message: 'first bytes are 68656c6c6f2c20776f726c64' },
    { name: 'three bytes', bytes: Buffer.from('d4c3b2', 'hex'), message: 'not a capture' },
    { name: 'a pcap cut inside its header', bytes: pcapFileHeader(1).subarray(0, 23), message: 'after 23 bytes' },
    {
      name: 'a pcapng cut inside its section header',
      bytes: new Pcapng(true).section().subarray(0, 20),
      message: 'cut off inside its pcapng file header, after 20 bytes',
    },
    { name: 'a pcap of version 9', bytes: Buffer.from(pcapFileHeader(1)).fill(9, 4, 5), message: 'version 9' },
    { name: 'a pcapng of version 2', bytes: new Pcapng(false).section(2), message: 'version 2' },
    {
      name: 'a section header without room',
      bytes: new Pcapng(false).block(0x0a0d0d0a, Buffer.from('4d3c2b1a', 'hex')),
    },
    { name: 'gzip of something else', bytes: gzipSync('hello, world'), message: 'not a capture' },
    { name: 'gzip of nothing', bytes: gzipSync(''), message: 'is empty' },
    {
      name: 'gzip that is cut off',
      bytes: gzipSync(threeFrames()).subarray(0, 12),
      message: 'the gzip data is cut off',
    },
  ])('refuses $name', async ({ bytes, message = '' }) => {
    await expect(openSource(place('bad', bytes))).rejects.toMatchObject({
      code: 'ERR_SOURCE_FORMAT',
      message: expect.stringContaining(message),
      fix: expect.stringContaining('pcapng'),
    })
  })

  it('refuses a path that does not exist, and a folder', async () => {
    await expect(openSource(at('gone'))).rejects.toMatchObject({ code: 'ERR_SOURCE_NOT_FOUND' })
    await expect(openSource(root)).rejects.toMatchObject({ code: 'ERR_SOURCE_FORMAT', fix: 'name a file in it' })
  })

  it.skipIf(process.getuid?.() === 0)('refuses a file that may not be read', async () => {
    chmodSync(place('secret', threeFrames()), 0)
    await expect(openSource(at('secret'))).rejects.toMatchObject({ code: 'ERR_SOURCE_PERMISSION' })
  })
})
