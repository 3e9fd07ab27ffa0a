import type { Lab } from './lab.ts'

/**
 * One capture: its file, what it shows, and how it comes to be. README's table is printed from these rows, so a
 * sentence here is a sentence there.
 */
export interface Row {
  /** File name in `captures/`, with its extension. */
  readonly name: string
  readonly shows: string
  /** Programs at both ends, client first. */
  readonly peers: string
  readonly how: string
  /** Wireshark display filters and how many frames of the capture each must match; run after every recording. */
  readonly checks: Readonly<Record<string, number | 'some'>>
  /** Options of tshark for the checks: ports that only a person knows the protocol of. */
  readonly decodeAs?: readonly string[]
  /** Seconds the recording may take in all. */
  readonly maxSeconds?: number
  /** Capture this one is cut from: it is made again when that one is. */
  readonly from?: string
  readonly record: (lab: Lab) => Promise<void>
}
