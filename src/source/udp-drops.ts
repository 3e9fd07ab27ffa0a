/** What the kernel dropped for want of room in the buffer of one UDP socket: the last column of /proc/net/udp. */
import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'

/** Addresses are printed as words of the machine's own byte order. */
function wordHex(word: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(word)
  return (endianness() === 'LE' ? bytes.swap32() : bytes).toString('hex').toUpperCase()
}

export class UdpDrops {
  readonly #file: string
  readonly #row: RegExp

  /** `words` = the address that the socket is bound to: one for udp4, four for udp6. No other socket can be bound to it. */
  constructor(words: readonly number[], port: number) {
    this.#file = words.length === 1 ? '/proc/self/net/udp' : '/proc/self/net/udp6'
    const local = `${words.map(wordHex).join('')}:${port.toString(16).toUpperCase().padStart(4, '0')}`
    this.#row = new RegExp(`^ *\\d+: ${local} .* (\\d+) *$`, 'm')
  }

  /** Since the socket was bound; null where the system has no such table. */
  read(): number | null {
    try {
      const row = this.#row.exec(readFileSync(this.#file, 'latin1'))
      return row === null ? null : Number(row[1])
    } catch {
      return null
    }
  }
}
