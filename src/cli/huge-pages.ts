import { OperatorError } from '../core/errors.ts'
import { loadLibc, SyscallError } from '../source/libc.ts'

const PAGE_BYTES = 4096n
const HUGE_PAGE_BYTES = 2 * 1024 * 1024

/**
 * Asks the kernel for huge pages under large arrays, before their first use. A packet of one of thousands of flows is at
 * random places of them, and with small pages each of these is looked up in the page table anew: bench/README.md has
 * what that costs. Where there are none, or no koffi to ask for them, all works as before.
 */
export async function useHugePages(arrays: readonly ArrayBufferView[]): Promise<void> {
  try {
    const libc = await loadLibc()
    for (const { buffer, byteLength } of arrays) {
      if (byteLength < HUGE_PAGE_BYTES || !(buffer instanceof ArrayBuffer)) continue
      const begin = libc.addressOf(new Uint8Array(buffer))
      const at = ((begin + PAGE_BYTES - 1n) / PAGE_BYTES) * PAGE_BYTES
      libc.adviseHugePages(at, byteLength - Number(at - begin))
    }
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof SyscallError)) throw error
  }
}
