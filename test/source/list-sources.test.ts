import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listSources } from '../../src/source/index.ts'
import { pcapFileHeader } from '../../src/source/pcap-write.ts'
import { Pcapng } from './captures.ts'

let root = ''
const at = (...names: string[]): string => join(root, ...names)

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'intransit-list-'))
  for (const folder of ['mixed/b/c', 'none/deep', 'linked']) mkdirSync(at(folder), { recursive: true })
  writeFileSync(at('mixed/z.pcap'), pcapFileHeader(1))
  writeFileSync(at('mixed/no-suffix'), new Pcapng(true).section())
  writeFileSync(at('mixed/b/packed.bin'), gzipSync(pcapFileHeader(1)))
  writeFileSync(at('mixed/b/c/a.pcapng'), new Pcapng(false).section())
  writeFileSync(at('mixed/b/not.pcap'), 'no capture, whatever its name says')
  writeFileSync(at('mixed/b/text.gz'), gzipSync('no capture either'))
  writeFileSync(at('mixed/b/broken.gz'), gzipSync(pcapFileHeader(1)).subarray(0, 5))
  writeFileSync(at('mixed/empty.pcap'), '')
  writeFileSync(at('none/deep/readme'), 'text')
  symlinkSync(at('mixed/z.pcap'), at('linked/file'))
  symlinkSync(at('linked'), at('linked/loop'))
  symlinkSync(at('gone'), at('linked/dangling'))
})
afterAll(() => rmSync(root, { recursive: true }))

describe('listSources', () => {
  it('lists the captures in and below a folder, sorted, told by their bytes', async () => {
    expect(await listSources([at('mixed')])).toEqual([
      at('mixed/b/c/a.pcapng'),
      at('mixed/b/packed.bin'),
      at('mixed/no-suffix'),
      at('mixed/z.pcap'),
    ])
  })

  it('keeps files and "-" as they are named, once each', async () => {
    const named = ['-', at('mixed/b/not.pcap'), '-', at('mixed/b/c'), at('mixed/b/c/a.pcapng')]
    expect(await listSources(named)).toEqual(['-', at('mixed/b/not.pcap'), at('mixed/b/c/a.pcapng')])
  })

  it('follows links to files, and no links to folders', async () => {
    expect(await listSources([at('linked')])).toEqual([at('linked/file')])
  })

  it.each([
    { name: 'a folder without any capture', path: 'none', message: 'holds no capture' },
    { name: 'a path that does not exist', path: 'gone', message: 'does not exist' },
    { name: 'a path below a file', path: 'mixed/z.pcap/x', message: 'does not exist' },
  ])('refuses $name', async ({ path, message }) => {
    await expect(listSources([at(path)])).rejects.toMatchObject({
      code: 'ERR_SOURCE_NOT_FOUND',
      message: expect.stringContaining(message),
      fix: expect.stringMatching(/\w/),
    })
  })

  it.skipIf(process.getuid?.() === 0)('keeps a file that may not be read, so that opening it says so', async () => {
    writeFileSync(at('linked/secret'), pcapFileHeader(1))
    chmodSync(at('linked/secret'), 0)
    expect(await listSources([at('linked')])).toContain(at('linked/secret'))
  })
})
