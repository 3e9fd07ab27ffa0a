/** Buffers of the sizes 2 KiB, 4 KiB, … that go from flow to flow, so that reassembly makes no garbage. */

const FIRST_BYTES = 2048
const SIZES = 10
/** Bytes that may lie idle in all. */
const MAX_IDLE_BYTES = 8 * 1024 * 1024

const idle: Uint8Array[][] = Array.from({ length: SIZES }, () => [])
let idleBytes = 0

/** The size of the buffer that `lendBuffer` gives for `bytes`. */
export function bufferBytes(bytes: number): number {
  let size = FIRST_BYTES
  while (size < bytes) size *= 2
  return size
}

const sizeIndex = (size: number): number => 31 - Math.clz32(size) - 11

/** A buffer of at least `bytes`, with whatever its last user left in it. */
export function lendBuffer(bytes: number): Uint8Array {
  const size = bufferBytes(bytes)
  const found = idle[sizeIndex(size)]?.pop()
  if (found === undefined) return new Uint8Array(size)
  idleBytes -= size
  return found
}

/** Gives a lent buffer back; its user forgets it. */
export function returnBuffer(buffer: Uint8Array): void {
  const shelf = idle[sizeIndex(buffer.length)]
  if (shelf === undefined || idleBytes + buffer.length > MAX_IDLE_BYTES) return
  idleBytes += buffer.length
  shelf.push(buffer)
}
