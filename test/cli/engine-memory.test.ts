import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mindSize } from '../../src/cli/engine-memory.ts'
import { importKoffi } from '../../src/source/koffi.ts'

const MIB = 1024 * 1024
const BLOCK = 16 * 1024
const BLOCKS = 4096

/** Resident memory of this process, bytes (proc(5)). */
const resident = (): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
const report = process.report?.getReport() as { header: { glibcVersionRuntime?: string } } | undefined

it.skipIf(report?.header.glibcVersionRuntime === undefined)(
  'what malloc keeps is given back once many flows are open (skipped where there is no glibc)',
  async () => {
    const koffi = await importKoffi()
    const c = koffi.load(null)
    const malloc = c.func('malloc', 'void *', ['size_t'])
    const free = c.func('free', 'void', ['void *'])
    const memset = c.func('memset', 'void *', ['void *', 'int', 'size_t'])
    const blocks = Array.from({ length: BLOCKS }, () => malloc(BLOCK))
    for (const block of blocks) memset(block, 1, BLOCK)
    // Above all of them: what is below a block in use stays.
    const top = malloc(BLOCK)
    for (const block of blocks) free(block)
    const kept = resident()
    mindSize(199_999)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(kept - resident()).toBeLessThan(8 * MIB)
    mindSize(200_000)
    await expect.poll(() => kept - resident(), { timeout: 5000 }).toBeGreaterThan((BLOCKS * BLOCK) / 2)
    free(top)
  },
)
