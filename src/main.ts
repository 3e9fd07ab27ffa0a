#!/usr/bin/env node
/** The command line: reads words, calls a command, turns every failure into one line and an exit status. */
import './cli/early-signals.ts'
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { writeError } from './cli/terminal.ts'
import { COMMANDS } from './commands/index.ts'
import { OperatorError } from './core/errors.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const program = new Command('intransit')
  .description('Says of every conversation in a capture whether it is plaintext, weak or strong, by which rule.')
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
  .addHelpText('after', '\nExample:\n  $ intransit replay captures --data data\n')

for (const add of COMMANDS) add(program, version)

const EXIT_USAGE = 2
const EXIT_INTERNAL = 1

/** As every mistake is told. Commander says "error: unknown option '--dta'\\n(Did you mean --data?)\\n". */
function usageLine(text: string): string {
  const what = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.?\n\(Did you mean (.*)\?\)$/, '; did you mean $1?')
    .replace(/\.$/, '')
  return `${new OperatorError('ERR_USAGE', what, 'intransit --help and intransit COMMAND --help say more').line}\n`
}

// The reader of our output may go away (`| head`): then there is nothing left to do, and nothing wrong.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  // Commander has already printed help, version or the mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  if (error instanceof OperatorError) {
    writeError(error.line)
    return error.exitStatus
  }
  writeError(
    `intransit failed unexpectedly, please report this: ${error instanceof Error ? error.stack : String(error)}`,
  )
  return EXIT_INTERNAL
}
