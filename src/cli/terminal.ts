/** Writes to standard output; resolves when the bytes are no longer needed. */
export const writeOut = (text: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })

export const writeError = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** For the log of what runs for long: with the time (RFC 3339). */
export const say = (line: string): void => writeError(`${new Date().toISOString()} ${line}`)

/** Colour is for people: only on a terminal, and never where NO_COLOR is set (no-color.org). */
export function wantsColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR = '', TERM = '' } = process.env
  return stream.isTTY === true && NO_COLOR === '' && TERM !== 'dumb'
}
