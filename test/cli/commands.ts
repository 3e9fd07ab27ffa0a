/** What the built command line takes, read from its own help. */
import { intransit } from './run.ts'

/** The options of each command by its words, as "capture" or "policy show". */
export function commandOptions(): ReadonlyMap<string, ReadonlySet<string>> {
  const commands = new Map<string, Set<string>>()
  const visit = (words: readonly string[]): void => {
    const help = intransit([...words, '--help']).stdout
    const below = commandsIn(help)
    for (const name of below) visit([...words, name])
    if (below.length === 0) commands.set(words.join(' '), new Set(help.match(/(?<=^ {2}(?:-\w, )?)--[a-z][a-z-]*/gm)))
  }
  visit([])
  return commands
}

function commandsIn(help: string): string[] {
  const [, list = ''] = /^Commands:\n((?: {2}.*\n)*)/m.exec(help) ?? []
  return Array.from(list.matchAll(/^ {2}([a-z]\S*)/gm), ([, name]) => name as string).filter((name) => name !== 'help')
}
