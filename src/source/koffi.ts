/** The one door to koffi, by which C libraries are called. It is loaded only when a source needs it. */
import { OperatorError } from '../core/errors.ts'

export type Koffi = typeof import('koffi')

/** @throws OperatorError ERR_SOURCE_UNSUPPORTED where there is none for this system */
export async function importKoffi(): Promise<Koffi> {
  try {
    return await import('koffi')
  } catch (error) {
    throw new OperatorError(
      'ERR_SOURCE_UNSUPPORTED',
      `live capture needs the package koffi, which cannot be loaded: ${(error as Error).message.split('\n')[0]}`,
      'install with optional dependencies (npm ci, without --omit=optional)',
    )
  }
}

/**
 * For the main thread, before others open sources. With the last thread that uses it Node unloads the library, and then
 * closes the handles that a thread left when it died, whose code is gone by then: that would end the process.
 */
export async function keepKoffiLoaded(): Promise<void> {
  try {
    await importKoffi()
  } catch {
    // Whoever needs it says so.
  }
}

/** Tells on the event loop that a descriptor became readable or has an error. */
export interface Readiness {
  start(wake: () => void): void
  stop(): void
  close(): void
}

/** libuv's own poll: a poll() in a thread would hold one of the process's four for each source that waits. */
export function readinessOf(koffi: Koffi, fd: number): Readiness {
  const handle = koffi.node.poll(fd, { readable: true }, () => {})
  handle.stop()
  return {
    start: (wake) =>
      handle.start({ readable: true }, () => {
        handle.stop()
        // The callback comes from outside Node's scopes, where no promise would go on.
        setImmediate(wake)
      }),
    stop: () => handle.stop(),
    close: () => handle.close(),
  }
}
