/** Writes the mapping tables of docs/exports.md from the code: `npm run exports`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { ECS_ROWS } from '../src/export/ecs.ts'
import { OCSF_FINDING_ROWS, OCSF_FLOW_ROWS } from '../src/export/ocsf.ts'

const TABLES = { ecs: ECS_ROWS, 'ocsf-4001': OCSF_FLOW_ROWS, 'ocsf-2003': OCSF_FINDING_ROWS }

/** The text with each table between its two markers made anew. */
export function withExportTables(text: string): string {
  return Object.entries(TABLES).reduce((done, [name, rows]) => {
    const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
    const at = done.indexOf(begin) + begin.length
    const body = rows.map(({ to, from }) => `| \`${to}\` | ${from === '' ? 'always the same' : from} |\n`).join('')
    return `${done.slice(0, at)}| field | from |\n| --- | --- |\n${body}${done.slice(done.indexOf(end))}`
  }, text)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = new URL('../docs/exports.md', import.meta.url)
  writeFileSync(file, withExportTables(readFileSync(file, 'utf8')))
}
