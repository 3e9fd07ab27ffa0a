/** The score of protocol names, for a terminal of 80 columns and for docs/conformance.md. */
import { BAR, isExplainedName, UNRECOGNISED_BAR } from './corpus-protocols-score.mjs'

const COLUMNS = ['flows', 'same', '%', 'other', 'unknown', 'missing', 'disputed']
const cellsOf = (row) => COLUMNS.map((name) => (name === '%' ? percentOf(row) : String(row[name])))
const percentOf = (row) => (row.flows === 0 ? '-' : row.percent.toFixed(2))

export function printTable({ captures, rows, verdicts, unrecognised, homeless, isPassed }, show) {
  const line = (name, cells) => `${name.padEnd(11)}${cells.map((cell) => ` ${cell.padStart(7)}`).join('')}`
  console.log(`names of protocols in ${captures} captures, against nDPI, Zeek, Arkime, Suricata\n`)
  console.log(line('protocol', COLUMNS))
  for (const row of rows) console.log(`${line(row.protocol, cellsOf(row))}${markOf(row)}`)
  console.log(line('all', cellsOf(sumOf(rows))))
  const below = rows.filter((row) => !row.isPassed).length
  console.log(`\nprotocols below ${BAR} %: ${below}`)
  for (const text of claims(verdicts, unrecognised)) console.log(text)
  const open = Object.entries(homeless).map(([tool, count]) => `${tool} ${count}`)
  if (open.length > 0) console.log(`statements that fit no flow: ${open.join(', ')}`)
  for (const note of [...verdicts.strong, ...verdicts.plaintext]) printNote(note)
  for (const { differences } of rows) for (const note of differences.slice(0, show)) printNote(note)
  console.log(isPassed ? 'passed' : 'below the bar')
}

function markOf({ percent, isPassed }) {
  if (percent >= BAR) return ''
  return isPassed ? ' explained' : ' below'
}

function claims({ cleartext, strong, tls, plaintext }, unrecognised) {
  const { flows, unrecognised: count, percent, madeUp, madeUpUnrecognised } = unrecognised
  const claimed = [
    `of ${cleartext} flows that they call cleartext, strong: ${strong.length} (bar: 0)`,
    `of ${tls} flows that they call TLS, plaintext: ${plaintext.length} (bar: 0)`,
    `of ${flows} flows with payload both ways, unrecognised: ${count}, ${percent.toFixed(2)} % (bar: ${UNRECOGNISED_BAR})`,
  ]
  if (madeUp > 0) claimed.push(`of ${madeUp} more in made-up captures, unrecognised: ${madeUpUnrecognised}`)
  return claimed
}

function printNote(note) {
  const tools = Object.entries(note.tools).map(([tool, names]) => `${tool} ${names}`)
  console.log(`  ${note.path} ${note.flow}${isExplainedName(note) ? ' (explained)' : ''}`)
  console.log(`    ours: ${note.ours.join('; ') || 'no such flow'}. ${tools.join(', ')}`)
}

export function printMarkdown({ captures, rows, verdicts, unrecognised }) {
  console.log(`<!-- figures: npm run corpus:protocols -- --markdown, ${captures} captures -->\n`)
  const head = ['protocol', ...COLUMNS]
  const row = (cells) => console.log(`| ${cells.join(' | ')} |`)
  row(head)
  row(head.map(() => '---'))
  for (const each of [...rows, sumOf(rows)]) row([`\`${each.protocol}\``, ...cellsOf(each)])
  console.log('')
  for (const text of claims(verdicts, unrecognised)) console.log(`- ${text[0].toUpperCase()}${text.slice(1)}.`)
}

function sumOf(rows) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0)
  const counts = Object.fromEntries(COLUMNS.filter((name) => name !== '%').map((name) => [name, sum(name)]))
  return { protocol: 'all', ...counts, percent: (100 * counts.same) / counts.flows }
}
