/** Numbers and lines for people, in plain text. */

/** Columns of the report. */
export const WIDTH = 80

export const count = (value: number): string => value.toLocaleString('en-US')

export const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`

/** SI prefixes, three significant digits: "1.21 MB". */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  const step = Math.min(Math.floor(Math.log10(value) / 3), 6)
  const scaled = value / 1000 ** step
  return `${scaled >= 999.5 ? '1000' : scaled.toPrecision(3)} ${['', 'k', 'M', 'G', 'T', 'P', 'E'][step]}B`
}

/** "–" where there is nothing to divide by. Never rounds up to 100 % or down to 0 % what is not. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  const shown = share * 100
  if (shown < 100 && shown > 99.9) return '99.9 %'
  if (shown > 0 && shown < 0.1) return '0.1 %'
  return `${shown.toFixed(1)} %`
}

/** `width` cells: full up to `low`, half-tone between `low` and `high`, empty above. */
export function bar(low: number | null, high: number | null, width: number): string {
  if (low === null || high === null) return '·'.repeat(width)
  const solid = Math.floor(low * width)
  const reach = Math.max(Math.ceil(high * width), solid)
  return '█'.repeat(solid) + '▒'.repeat(reach - solid) + '░'.repeat(width - reach)
}

/** Cuts a text that does not clip, and says so. */
export const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`

/** Breaks a text into lines of at most `width`, words longer than that cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).map((one) => clip(one, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** An address and port as one word: IPv6 in brackets. */
export const endpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
