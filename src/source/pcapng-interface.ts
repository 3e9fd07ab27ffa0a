/** Interface Description Blocks (draft-ietf-opsawg-pcapng §4.2): what the frames of one interface have in common. */
import { u16of, u32of } from './endian.ts'
import { frameCap } from './format.ts'
import { type TimeUnit, timeUnit } from './pcapng-time.ts'

export interface CaptureInterface {
  readonly link: number
  /** 0 = no limit. */
  readonly snaplen: number
  /** The longest captured length believed of this interface's frames. */
  readonly maxFrame: number
  readonly unit: TimeUnit
}

// Byte offsets from the start of the block.
const LINK_TYPE = 8
const SNAPLEN = 12
const OPTIONS = 16
export const MIN_INTERFACE_BLOCK_BYTES = 20

const OPT_END = 0
const OPT_IF_TSRESOL = 9
const OPT_IF_TSOFFSET = 14
const MICROSECONDS = 6

/** Reads the block `buf[at, end)`, whose length fields were checked. Options that overrun it are passed over. */
export function readInterface(buf: Uint8Array, at: number, end: number, big: boolean): CaptureInterface {
  const snaplen = u32of(buf, at + SNAPLEN, big)
  const optionsEnd = end - 4
  let resolution = MICROSECONDS
  let offsetSeconds = 0n
  for (let pos = at + OPTIONS; pos + 4 <= optionsEnd; ) {
    const code = u16of(buf, pos, big)
    const length = u16of(buf, pos + 2, big)
    const value = pos + 4
    if (code === OPT_END || value + length > optionsEnd) break
    if (code === OPT_IF_TSRESOL && length === 1) resolution = buf[value] as number
    if (code === OPT_IF_TSOFFSET && length === 8) offsetSeconds = i64of(buf, value, big)
    pos = value + ((length + 3) & ~3)
  }
  return {
    link: u16of(buf, at + LINK_TYPE, big),
    snaplen,
    maxFrame: frameCap(snaplen),
    unit: timeUnit(resolution, offsetSeconds),
  }
}

function i64of(buf: Uint8Array, at: number, big: boolean): bigint {
  const high = u32of(buf, big ? at : at + 4, big)
  const low = u32of(buf, big ? at + 4 : at, big)
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))
}
