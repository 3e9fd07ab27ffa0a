import type { SshBanner } from '../wire/ssh-banner.ts'
import { CLIENT, type Direction, type DissectorState } from './dissector.ts'
import type { SshOffer } from './ssh-kex.ts'

/** What the next byte of one direction belongs to. */
export type SshPhase =
  | 'banner' // the identification string, or a line that a server may send before it
  | 'packets'
  | 'protected' // everything is encrypted from here on
  | 'over' // the end said goodbye
  | 'lost' // bytes are missing, or are none of SSH's

export class SshSide {
  phase: SshPhase = 'banner'
  banner: SshBanner | null = null
  offer: SshOffer | null = null
  fed = false
  /** Bytes of lines before the identification string. */
  passed = 0
  /** Packets read behind KEXINIT. */
  packets = 0
  /** Segments of bytes behind those that took the keys. */
  protectedReads = 0
}

export class SshState implements DissectorState {
  done = false
  readonly sides: readonly [SshSide, SshSide] = [new SshSide(), new SshSide()]

  side(direction: Direction): SshSide {
    return this.sides[direction]
  }

  other(direction: Direction): SshSide {
    return this.sides[direction === CLIENT ? 1 : 0]
  }
}
