import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Spool, type SpooledBatch } from '../../src/store/spool.ts'

const MIB = 1024 * 1024
const SPOOL = fileURLToPath(new URL('../../src/store/spool.ts', import.meta.url))
const cannotTrace = spawnSync('strace', ['-f', 'true']).status !== 0
let folder: string

const batch = (text: string, rows = 1): SpooledBatch => {
  const lines = Buffer.from(text)
  return { kind: 'flows', lines, rows, token: createHash('sha256').update(lines).digest('hex') }
}

async function sendAll(spool: Spool): Promise<string[]> {
  const sent: string[] = []
  while (await spool.sendOldest(async ({ lines }) => void sent.push(Buffer.from(lines).toString())));
  return sent
}

describe('Spool', () => {
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'intransit-spool-')), 'spool')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('gives batches back whole, oldest first, and forgets them', async () => {
    const spool = new Spool(folder, MIB)
    for (let n = 0; n < 12; n++) expect(await spool.put(batch(`line ${n}\n`, n + 1))).toBe(true)
    expect([spool.batches, spool.rows]).toEqual([12, 78])
    const sent: SpooledBatch[] = []
    expect(await spool.sendOldest(async (one) => void sent.push(one))).toBe(true)
    expect(sent).toMatchObject([{ kind: 'flows', rows: 1, token: batch('line 0\n').token }])
    expect(await sendAll(spool)).toEqual(Array.from({ length: 11 }, (_, n) => `line ${n + 1}\n`))
    expect([spool.batches, spool.rows, spool.bytes, readdirSync(folder)]).toEqual([0, 0, 0, []])
    expect(await spool.sendOldest(() => Promise.reject(new Error('nothing to send')))).toBe(false)
  })

  it('keeps a batch that could not be sent', async () => {
    const spool = new Spool(folder, MIB)
    await spool.put(batch('a\n'))
    await expect(spool.sendOldest(() => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect(await sendAll(spool)).toEqual(['a\n'])
  })

  it('takes up what an earlier run left, in order, and nothing that was not finished', async () => {
    const earlier = new Spool(folder, MIB)
    await earlier.put(batch('first\n'))
    await earlier.put(batch('second\n'))
    writeFileSync(join(folder, '000000000003_flows_1_ab.jsonl.part'), 'half a li')
    const spool = new Spool(folder, MIB)
    await spool.put(batch('third\n'))
    expect(spool.rows).toBe(3)
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(await sendAll(spool)).toEqual(['first\n', 'second\n', 'third\n'])
  })

  it('sends nothing that was damaged on disk, and counts it', async () => {
    const spool = new Spool(folder, MIB)
    await spool.put(batch('damaged line\n', 7))
    await spool.put(batch('good line\n'))
    truncateSync(join(folder, readdirSync(folder).sort()[0] as string), 5)
    expect(await sendAll(spool)).toEqual(['good line\n'])
    expect(spool.damagedRows).toBe(7)
  })

  it('drops and counts what there is no room for; what waits stays', async () => {
    const spool = new Spool(folder, 10)
    expect(await spool.put(batch('12345678\n'))).toBe(true)
    expect(await spool.put(batch('9\n', 3))).toBe(false)
    expect([spool.droppedRows, spool.batches]).toEqual([3, 1])
  })

  it('counts what the disk does not take', async () => {
    const spool = new Spool(folder, MIB)
    rmSync(folder, { recursive: true })
    expect(await spool.put(batch('a\n', 2))).toBe(false)
    expect([spool.droppedRows, spool.batches]).toEqual([2, 0])
  })

  /** No power is cut here: what the kernel is asked to have on disk, and in which order, is what survives that. */
  it.skipIf(cannotTrace)('has a batch and its name on disk before it says so, strace says', () => {
    const place = join(realpathSync(join(folder, '..')), 'new', 'spool')
    const script = `import { Spool } from ${JSON.stringify(SPOOL)}
      const spool = new Spool(${JSON.stringify(place)}, 1000)
      const kept = await spool.put({ kind: 'flows', lines: Buffer.from('a'), rows: 1, token: '0'.repeat(64) })
      process.stdout.write('kept: ' + kept)`
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', script]
    const calls = ['-e', 'trace=fsync,fdatasync,rename,renameat,renameat2,write']
    const { stdout, stderr } = spawnSync('strace', ['-f', '-qq', '-y', '-s', '200', ...calls, ...node], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('kept: true')
    const above = join(place, '..', '..')
    const seen = stderr.split('\n').flatMap((line) => {
      const [, call = '', args = ''] = /(\w+)\((.*)/.exec(line) ?? []
      if (call === 'write') return args.includes('"kept: true"') ? ['said'] : []
      return args.includes(above)
        ? [
            `${call} ${
              /<(.*?)>/
                .exec(args)?.[1]
                ?.replace(above, '')
                .replace(/_.*_0+/, '') ?? ''
            }`.trim(),
          ]
        : []
    })
    expect(seen).toEqual([
      'fsync /new/spool',
      'fsync /new',
      'fsync',
      'fsync /new/spool/000000000001.jsonl.part',
      'rename',
      'fsync /new/spool',
      'said',
    ])
  })

  it('is for its owner alone', async () => {
    const spool = new Spool(folder, MIB)
    await spool.put(batch('a\n'))
    expect(statSync(join(folder, readdirSync(folder)[0] as string)).mode & 0o777).toBe(0o600)
  })

  it('says which folder cannot be used', () => {
    writeFileSync(folder, 'a file')
    expect(() => new Spool(folder, MIB)).toThrow(expect.objectContaining({ code: 'ERR_DATA_FOLDER' }))
    chmodSync(folder, 0o600)
  })
})
