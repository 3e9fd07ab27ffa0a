/**
 * Three-valued answers, so that a fact nobody saw can neither fail a rule nor, under `not`, pass for its opposite.
 * Ordered: `all` is the smallest answer, `any` the largest, `not` the mirror image (Kleene's strong logic).
 */
export const NO = 0
export const UNSEEN = 1
export const YES = 2
export type Answer = typeof NO | typeof UNSEEN | typeof YES

/** A compiled condition on one subject: the flow's evidence, its cipher suite, one certificate. */
export type Condition<S> = (subject: S) => Answer

export const answer = (holds: boolean): Answer => (holds ? YES : NO)
export const not = (of: Answer): Answer => (YES - of) as Answer

export function every<S>(conditions: readonly Condition<S>[], subject: S): Answer {
  let least: Answer = YES
  for (const condition of conditions) {
    const here = condition(subject)
    if (here === NO) return NO
    if (here < least) least = here
  }
  return least
}

export function some<S>(conditions: readonly Condition<S>[], subject: S): Answer {
  let most: Answer = NO
  for (const condition of conditions) {
    const here = condition(subject)
    if (here === YES) return YES
    if (here > most) most = here
  }
  return most
}
