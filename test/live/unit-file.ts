/** Reads the shipped systemd unit, as far as it is used: settings that may come more than once, %i, and $NAME as words. */
import { readFileSync } from 'node:fs'

const PATH = new URL('../../systemd/intransit-capture@.service', import.meta.url)

export interface Unit {
  readonly text: string
  /** The values of a setting, in their order. */
  all(name: string): string[]
  /** The value of a setting that stands there once. */
  one(name: string): string
  /** What ExecStart runs for an interface: the program, then its arguments. */
  command(instance: string): string[]
}

export function readUnit(): Unit {
  const text = readFileSync(PATH, 'utf8')
  const settings = text
    .split('\n')
    .map((line) => /^([A-Za-z]+)=(.*)$/.exec(line))
    .filter((match) => match !== null)
  const all = (name: string): string[] =>
    settings.filter(([, key]) => key === name).map(([, , value]) => value as string)
  const one = (name: string): string => {
    const [value, ...more] = all(name)
    if (value === undefined || more.length > 0)
      throw new Error(`${name}= stands there ${more.length + 1} times, or never`)
    return value
  }
  const variables = new Map(
    all('Environment').flatMap((line) =>
      Array.from(line.matchAll(/"(\w+)=([^"]*)"|(\w+)=(\S*)/g), ([, a, b, c, d]): [string, string] => [
        (a ?? c) as string,
        b ?? d ?? '',
      ]),
    ),
  )
  const command = (instance: string): string[] =>
    one('ExecStart')
      .split(' ')
      .flatMap((word) => (word.startsWith('$') ? (variables.get(word.slice(1)) ?? word).split(' ') : [word]))
      .filter((word) => word !== '')
      .map((word) => word.replaceAll('%i', instance))
  return { text, all, one, command }
}
