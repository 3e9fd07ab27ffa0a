/** Writes the tables of docs/config.md from the schema: `npm run settings`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { ALL_SETTINGS, type Setting } from '../src/cli/config/settings.ts'

/** The text with the table between its two markers made anew. */
export function withSettingsTables(text: string): string {
  const [begin, end] = ['<!-- settings: npm run settings -->\n', '<!-- end of settings -->']
  const head = '| setting | what it says | what it may be | default | variable |\n| --- | --- | --- | --- | --- |\n'
  return `${text.slice(0, text.indexOf(begin) + begin.length)}${head}${ALL_SETTINGS.map(row).join('')}${text.slice(text.indexOf(end))}`
}

const row = ({ path, about, kind, standard, variable }: Setting): string =>
  `| \`${path.join('.')}\` | ${about} | ${kind} | ${standard ?? ''} | ${variable === null ? '' : `\`${variable}\``} |\n`

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = new URL('../docs/config.md', import.meta.url)
  writeFileSync(file, withSettingsTables(readFileSync(file, 'utf8')))
}
