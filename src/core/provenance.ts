/** How a fact came to be known: seen in traffic, by a probe, told by an inventory, or concluded from those. */
export const PROVENANCES = ['observed', 'probed', 'imported', 'inferred'] as const

export type Provenance = (typeof PROVENANCES)[number]

export const isProvenance = (word: string): word is Provenance => (PROVENANCES as readonly string[]).includes(word)
