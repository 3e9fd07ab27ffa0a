/** What the built command line takes, read from its own help. */
import { intransit } from './run.ts'

/** The options of each command by its words, as "capture" or "policy show". */
export function commandOptions(): ReadonlyMap<string, ReadonlySet<string>> {
  const commands = new Map<string, Set<string>>()
  const visit = (words: readonly string[]): void => {
    const help = intransit([...words, '--help']).stdout
    const below = commandsIn(help)
    for (const name of below) visit([...words, name])
    const options = new Set(help.match(/(?<=^ {2}(?:-\w, )?)--[a-z][a-z-]*/gm))
    // One with options of its own does something, whatever is below it.
    const isCommand = words.length > 0 && (below.length === 0 || options.size > 1)
    if (isCommand) commands.set(words.join(' '), options)
  }
  visit([])
  return commands
}

function commandsIn(help: string): string[] {
  const [, list = ''] = /^Commands:\n((?: {2}.*\n)*)/m.exec(help) ?? []
  return Array.from(list.matchAll(/^ {2}([a-z]\S*)/gm), ([, name]) => name as string).filter((name) => name !== 'help')
}
