/** Reads of protocols that write the low byte first. Callers check once that the bytes are there, then read. */
export const le16 = (buf: Uint8Array, at: number): number => (buf[at] as number) | ((buf[at + 1] as number) << 8)
/** Unsigned. */
export const le32 = (buf: Uint8Array, at: number): number =>
  (((buf[at + 3] as number) << 24) |
    ((buf[at + 2] as number) << 16) |
    ((buf[at + 1] as number) << 8) |
    (buf[at] as number)) >>>
  0
