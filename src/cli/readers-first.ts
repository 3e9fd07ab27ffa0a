import { readlink } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { basename } from 'node:path'

/** Where cores are short, a thread at 0 gets three times the time of one at 5 (sched(7), "The nice value"). */
const BESIDE_NICE = 5
/** libuv's pool, which reads files and calls the embedded engine, has so many threads where nothing else is said, and at the most. */
const POOL_THREADS = 4
const MOST_POOL_THREADS = 1024
const MOST_ROUNDS = 20

/**
 * From here on this thread, those of Node's pool, and those that either starts (the embedded engine's are) give way to those
 * that read frames: rows and answers can wait, a ring cannot. On Linux a nice value is a thread's own; elsewhere it would be all
 * of the process's.
 */
export async function readersFirst(): Promise<void> {
  if (process.platform !== 'linux') return
  try {
    for (const thread of [0, ...(await poolThreads())]) setPriority(thread, BESIDE_NICE)
  } catch {
    // Without procfs, or started at a higher nice value than that: all stays as it is.
  }
}

/** Each tells its own number when it reads a file (proc(5), thread-self). */
async function poolThreads(): Promise<Set<number>> {
  const size = Math.min(Number(process.env['UV_THREADPOOL_SIZE']) || POOL_THREADS, MOST_POOL_THREADS)
  const threads = new Set<number>()
  for (let round = 0; threads.size < size && round < MOST_ROUNDS; round++) {
    const links = await Promise.all(Array.from({ length: 16 * size }, () => readlink('/proc/thread-self')))
    for (const link of links) threads.add(Number(basename(link)))
  }
  return threads
}
