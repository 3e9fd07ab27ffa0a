import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { useHugePages } from '../../src/cli/huge-pages.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { loadLibc } from '../../src/source/libc.ts'

const MIB = 1024 * 1024
const hasHugePages = existsSync('/sys/kernel/mm/transparent_hugepage/enabled')

/** VmFlags (proc(5)) of the mapping that `address` lies in. */
function flagsAt(address: bigint): string[] {
  let isHere = false
  for (const line of readFileSync('/proc/self/smaps', 'latin1').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line)
    if (range !== null) isHere = BigInt(`0x${range[1]}`) <= address && address < BigInt(`0x${range[2]}`)
    else if (isHere && line.startsWith('VmFlags:')) return line.slice(8).trim().split(' ')
  }
  return []
}

describe.skipIf(!hasHugePages)('huge pages (skipped where the kernel has none)', () => {
  it('are asked for under large arrays, and under no small ones', async () => {
    const { addressOf } = await loadLibc()
    const large = new Int32Array((16 * MIB) / 4)
    const small = new Uint8Array(MIB)
    // The middle: where an array begins and ends, a page may belong to another.
    const middleOf = (array: ArrayBufferView): bigint =>
      addressOf(new Uint8Array(array.buffer)) + BigInt(array.byteLength / 2)
    expect(flagsAt(middleOf(large))).not.toContain('hg')
    await useHugePages([large, small])
    expect(flagsAt(middleOf(large))).toContain('hg')
    expect(flagsAt(middleOf(small))).not.toContain('hg')
  })

  it('are under the records of flows', async () => {
    const { addressOf } = await loadLibc()
    const table = new FlowTable(1 << 20, 1)
    await useHugePages(table.arrays)
    const middle = BigInt(table.key.byteLength / 2)
    expect(flagsAt(addressOf(new Uint8Array(table.key.buffer)) + middle)).toContain('hg')
  })
})
