/**
 * Scores the names that we give protocols, and the verdicts that go with them, against what nDPI, Zeek, Arkime and
 * Suricata expect of the same flows in the open corpus.
 *
 *   npm run corpus:protocols                      every capture
 *   npm run corpus:protocols:short                a sixteenth of them, for CI
 *   node scripts/corpus-protocols.mjs --corpus DIR --only TEXT --protocol NAME --show N --tshark --json --markdown
 *
 * --show lists N differences of each protocol. --tshark lets tshark speak where none of the four does: more flows, but some
 * are named by their port alone.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { printMarkdown, printTable } from './corpus-protocols-print.mjs'
import { score } from './corpus-protocols-score.mjs'
import { replayAll } from './corpus-replay-all.mjs'

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '../shared/corpus' },
    only: { type: 'string', default: '' },
    protocol: { type: 'string', default: '' },
    show: { type: 'string', default: '0' },
    tshark: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
})
if (!existsSync(join(values.corpus, 'index.tsv'))) {
  console.error(`there is no corpus at ${values.corpus}: name its folder with --corpus`)
  process.exit(2)
}

const replayed = await replayAll(values.corpus, values.only)
const result = score(values.corpus, replayed, { protocol: values.protocol, withWitness: values.tshark })
if (values.json) console.log(JSON.stringify(result, null, 1))
else if (values.markdown) printMarkdown(result)
else printTable(result, Number(values.show))
process.exitCode = result.isPassed ? 0 : 1
