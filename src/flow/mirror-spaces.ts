/**
 * Which tunnel identifiers mirror the same network. Each mirror session has its own, and a conversation that is mirrored at
 * both ends comes in two of them; equal addresses in two networks come in two as well. Only the operator can tell.
 */
export class MirrorSpaces {
  readonly #spaces: ReadonlyMap<number, string>

  /** Names of networks by VNI. Of a VNI that is not named nothing is known. */
  constructor(spaces: ReadonlyMap<number, string>) {
    this.#spaces = spaces
  }

  /** Are both known to mirror one network? */
  areOne(a: number, b: number): boolean {
    const space = this.#spaces.get(a)
    return space !== undefined && space === this.#spaces.get(b)
  }

  /** Are both known, and of two networks? */
  areTwo(a: number, b: number): boolean {
    const [one, other] = [this.#spaces.get(a), this.#spaces.get(b)]
    return one !== undefined && other !== undefined && one !== other
  }
}

/** `vni` of a direction of which no packet came yet; identifiers have 24 bits or 32, -1 is none. */
export const UNSEEN = -2

export const SAME = 0
const OTHER = 1
/** No packet of this direction came yet, and nothing speaks against its being the same conversation. */
export const PERHAPS = 2
/** The other mirror of the same network shows this direction already. */
export const TWICE = 3

/**
 * A packet of a flow's addresses came in `vni`; is it that flow's? `context` is where the flow's packets of this direction
 * come, `answered` where those of the other direction do.
 */
export function compareContexts(spaces: MirrorSpaces | null, context: number, answered: number, vni: number): number {
  if (context !== UNSEEN) return spaces?.areOne(context, vni) === true ? TWICE : OTHER
  if (answered === vni) return SAME
  return spaces?.areTwo(answered, vni) === true ? OTHER : PERHAPS
}
