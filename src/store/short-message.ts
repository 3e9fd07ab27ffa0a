const MAX_CHARACTERS = 300

/** The first line of what an error says; engines add stacks, settings and the rows they were reading. */
export function shortMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.trim().split('\n')[0] ?? '').slice(0, MAX_CHARACTERS)
}
