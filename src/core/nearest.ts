/** Edits that a slip of the fingers makes; a word further away is another word. */
const MAX_EDITS = 3

/** Words longer than this are compared by no more than their beginning. */
const MAX_LENGTH = 64

/** The one of `words` that was probably meant: a part of it, or the fewest edits away. Null where none is near. */
export function nearest(word: string, words: readonly string[]): string | null {
  const meant = word.slice(0, MAX_LENGTH).toLowerCase()
  let best: string | null = null
  let fewest = Math.min(MAX_EDITS, Math.max(1, Math.floor(meant.length / 2))) + 1
  for (const one of words) {
    const edits = editsBetween(meant, one.slice(0, MAX_LENGTH).toLowerCase())
    if (edits >= fewest) continue
    fewest = edits
    best = one
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let edits = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + same)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits = Math.min(edits, (before[j - 2] as number) + 1)
      row.push(edits)
    }
    before = last
    last = row
  }
  return last[b.length] as number
}
