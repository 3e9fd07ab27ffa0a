import { u16, u32 } from '../core/bytes.ts'

/** Reads of a capture file's own header fields, whose byte order the file chooses. Callers check that the bytes are there. */
export const u16of = (buf: Uint8Array, at: number, big: boolean): number =>
  big ? u16(buf, at) : (buf[at] as number) | ((buf[at + 1] as number) << 8)

/** Unsigned. */
export const u32of = (buf: Uint8Array, at: number, big: boolean): number =>
  big
    ? u32(buf, at)
    : ((buf[at] as number) |
        ((buf[at + 1] as number) << 8) |
        ((buf[at + 2] as number) << 16) |
        ((buf[at + 3] as number) << 24)) >>>
      0
