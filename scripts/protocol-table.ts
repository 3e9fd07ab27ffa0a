/**
 * The README's table of protocols, from the tables of dissectors and the goldens of `captures/`:
 *   npm run protocols
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { About } from '../src/dissect/dissector.ts'
import { DATAGRAM_DISSECTORS, TCP_DISSECTORS } from '../src/dissect/index.ts'
import { transportName } from '../src/record/line.ts'

const README = new URL('../README.md', import.meta.url)
const CAPTURES = new URL('../captures/', import.meta.url)
const BEGIN = '<!-- protocols: npm run protocols -->\n'
const END = '<!-- end of protocols -->'
const MAX_VERDICTS = 4

interface Line {
  name: string
  about: About
  transports: string[]
}

/** The README with its table of protocols made anew. */
export function withProtocolTable(readme: string): string {
  const from = readme.indexOf(BEGIN)
  const to = readme.indexOf(END)
  if (from < 0 || to < from) throw new Error(`README.md has no ${BEGIN.trim()} … ${END}`)
  return readme.slice(0, from + BEGIN.length) + protocolTable() + readme.slice(to)
}

function protocolTable(): string {
  const seen = judgedFlows()
  const rows = protocols().map(({ name, about, transports }) => {
    const judged = seen.get(name)
    const [capture = ''] = judged?.captures ?? []
    const more = (judged?.captures.size ?? 0) - 1
    const on = capture === '' ? '' : `\`${capture}\`${more > 0 ? ` and ${more} more` : ''}`
    const cells = [
      `\`${name}\``,
      `${about.title} (${about.source})`,
      transports.join(', '),
      about.reads ?? 'recognised',
      [...(judged?.verdicts ?? [])].sort().slice(0, MAX_VERDICTS).join(', '),
      on,
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  })
  return `${'| `app_protocol` | protocol | over | read | verdicts | on captures |\n| --- | --- | --- | --- | --- | --- |\n'}${rows.join('')}`
}

function protocols(): Line[] {
  const lines = new Map<string, Line>()
  const add = (name: string, about: About, transport: string): void => {
    const line = lines.get(name)
    if (line === undefined) lines.set(name, { name, about, transports: [transport] })
    else line.transports.push(transport)
  }
  for (const { name, inside = [], about } of TCP_DISSECTORS)
    for (const each of [name, ...inside]) add(each, about, 'TCP')
  for (const { name, inside = [], about, transport } of DATAGRAM_DISSECTORS) {
    for (const each of [name, ...inside]) add(each, about, transportName(transport).toUpperCase())
  }
  return [...lines.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** By protocol, the captures that have a flow of it, and how those flows were judged. */
function judgedFlows(): Map<string, { captures: Set<string>; verdicts: Set<string> }> {
  const found = new Map<string, { captures: Set<string>; verdicts: Set<string> }>()
  for (const file of readdirSync(CAPTURES).sort()) {
    if (!file.endsWith('.json')) continue
    const { records } = JSON.parse(readFileSync(new URL(file, CAPTURES), 'utf8'))
    for (const { app_protocol: name, verdict } of records) {
      if (name === undefined) continue
      const judged = found.get(name) ?? { captures: new Set(), verdicts: new Set() }
      found.set(name, judged)
      judged.captures.add(file.replace(/\.json$/, ''))
      judged.verdicts.add(verdict)
    }
  }
  return found
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(README, withProtocolTable(readFileSync(README, 'utf8')))
}
