/** Findings as people read them: what is wrong, where, how often, and whose it is to mend. */
import type { Finding } from '../alert/index.ts'
import { escapeBeyondAscii } from '../core/json.ts'
import { count, WIDTH, wrap } from './format.ts'

const INDENT = ' '.repeat(10)

const MENDS: Readonly<Record<Finding['must_fix'], string>> = {
  client: 'the client must be mended',
  server: 'the server must be mended',
  both: 'client and server must be mended',
  attack: 'somebody attacks',
  network: 'the network must be mended',
  unknown: 'who must mend it cannot be told',
}

/** Ends with a line break. */
export function renderFindings(found: readonly Finding[]): string {
  const told = found.filter(({ exception }) => exception === null)
  const accepted = found.filter(({ exception }) => exception !== null)
  const open = told.length === 0 ? ['No finding is open.'] : told.map(paragraph)
  const apart = accepted.length === 0 ? [] : ['Accepted, and told to nobody:', ...accepted.map(paragraph)]
  return `${[...open, ...apart].join('\n\n')}\n`
}

const paragraph = (one: Finding): string => inWords(one).join('\n')

function inWords({ severity, key, what, flows, last_seen, must_fix, ...others }: Finding): string[] {
  const seen = `${count(flows)} flow${flows === 1 ? '' : 's'}, the last at ${last_seen.slice(0, 19)}Z`
  return [
    `${severity.padEnd(INDENT.length)}${escapeBeyondAscii(key)}`,
    ...indented(what),
    ...indented(`${stateOf(others)}; ${seen}; ${MENDS[must_fix]}`),
  ]
}

const stateOf = ({ state, exception }: Pick<Finding, 'state' | 'exception'>): string =>
  exception === null
    ? state
    : `${state}; accepted until ${exception.expires.slice(0, 10)} by ${exception.owner}: ${exception.reason}`

const indented = (text: string): string[] =>
  wrap(escapeBeyondAscii(text), WIDTH - INDENT.length).map((line) => `${INDENT}${line}`)
