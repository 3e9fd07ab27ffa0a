/**
 * A number below 10^15 for people, as American English writes it: "1,234,567", "1,234.5"; at most three decimals. By hand: to make the
 * engine's own formatter takes longer than to read a small capture.
 */
export function grouped(value: number): string {
  const rounded = Number.isInteger(value) ? value : Math.round(value * 1000) / 1000
  const [whole = '', decimals] = String(rounded).split('.')
  const groups = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return decimals === undefined ? groups : `${groups}.${decimals}`
}
