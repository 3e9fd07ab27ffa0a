import type { Row } from './row.ts'
import type { Group } from './rows/index.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** README's table: one row a capture, a heading row of its own for none of them, so that rows can be counted. */
export function tableOf(groups: readonly Group[]): string {
  return groups.map(({ title, rows }) => `\n### ${title}\n\n${HEAD}${rows.map(lineOf).join('')}`).join('')
}

const HEAD = '| file | shows | peers | how | checked with tshark |\n| --- | --- | --- | --- | --- |\n'

function lineOf({ name, shows, peers, how, checks }: Row): string {
  const checked = Object.entries(checks).map(([filter, count]) => `${count === 'some' ? '≥ 1' : count} × \`${filter}\``)
  return `| ${[`\`${name}\``, shows, peers, how, checked.join(', ')].map(cell).join(' | ')} |\n`
}
