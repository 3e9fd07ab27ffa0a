/**
 * A packet socket and its ring belong to the process: a thread that dies leaves both behind, and in a fan-out group the
 * dead member goes on getting its share of the frames. So what a thread holds is noted in memory that outlives it.
 */
import { loadLibc, type Memory } from './libc.ts'
import { keepLibpcap, type Pointer } from './libpcap-library.ts'

/** Words of 64 bits: the descriptor + 1 (0 = nothing is held), then where the ring lies and how long it is. */
const DESCRIPTOR = 0
const ADDRESS = 1
const BYTES = 2
/** libpcap's pcap_t *, which has a socket and a ring of its own; 0 = none is held. */
const DEVICE = 3
const WORDS = 4

export type HeldSocket = BigInt64Array<SharedArrayBuffer>

export const noHeldSocket = (): HeldSocket => new BigInt64Array(new SharedArrayBuffer(8 * WORDS))

export function noteHeld(held: HeldSocket, fd: number, { address, buffer }: Memory): void {
  held[ADDRESS] = address
  held[BYTES] = BigInt(buffer.byteLength)
  Atomics.store(held, DESCRIPTOR, BigInt(fd + 1))
}

export const forgetHeld = (held: HeldSocket): void => void Atomics.store(held, DESCRIPTOR, 0n)

export const noteHeldDevice = (held: HeldSocket, pcap: Pointer): void => void Atomics.store(held, DEVICE, pcap)

export const forgetHeldDevice = (held: HeldSocket): void => noteHeldDevice(held, 0n)

/** Closes what a thread left behind. Not before it has ended: it would read where nothing is mapped any more. */
export async function releaseHeld(held: HeldSocket): Promise<void> {
  const device = Atomics.load(held, DEVICE)
  if (device !== 0n) {
    forgetHeldDevice(held)
    // The file into which libpcap wrote stays: it lies over memory that went with the thread, and closing it may write there.
    const library = await keepLibpcap()
    library.close(device)
  }
  if (Atomics.load(held, DESCRIPTOR) === 0n) return
  const libc = await loadLibc()
  libc.unmap(held[ADDRESS] as bigint, Number(held[BYTES]))
  libc.close(Number(held[DESCRIPTOR]) - 1)
  forgetHeld(held)
}
