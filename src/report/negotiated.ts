/** What clients and servers agreed on: versions, suites, groups. */
import { bytes, count, counted, percent, ratio } from './format.ts'
import { firstOf, hanging, type Sheet, table, title } from './layout.ts'
import { MAX_ROWS, type Report, type Share } from './read-report.ts'

/** Rows shown of each. */
const MOST_USED = 8

export function negotiated(report: Report, sheet: Sheet): string[][] {
  const { tls_versions: versions, cipher_suites: suites, named_groups: groups } = report
  return [
    shares(
      'TLS versions',
      versions.map((row) => named(row, row.tls_version)),
      sheet,
    ),
    shares(
      'Cipher suites',
      suites.map((row) => named(row, row.cipher_suite)),
      sheet,
    ),
    [
      ...shares(
        'Key exchange groups',
        groups.map((row) => named(row, row.named_group)),
        sheet,
      ),
      ...postQuantum(report, sheet),
    ],
  ]
}

type Named = Share & { name: string }

const named = (share: Share, code: number): Named => ({
  ...share,
  name: share.name ?? `0x${code.toString(16).padStart(4, '0')}`,
})

function shares(heading: string, rows: readonly Named[], sheet: Sheet): string[] {
  if (rows.length === 0) return []
  const total = rows.reduce((sum, { flows }) => sum + flows, 0)
  const [head = '', ...lines] = table(
    [
      { cells: ['', 'flows', 'share', 'bytes'] },
      ...rows.map(({ name, flows, bytes: size }) => ({
        cells: [name, count(flows), percent(ratio(flows, total)), bytes(size)],
      })),
    ],
    sheet,
  )
  return [title(heading), head, ...firstOf(lines, MOST_USED, MAX_ROWS, (line) => [line])]
}

function postQuantum({ post_quantum: share }: Report, sheet: Sheet): string[] {
  if (share === null) return []
  const { flows, of_flows } = share
  const figure = `Post-quantum key exchange: ${count(flows)} of ${counted(of_flows, 'flow')} (${percent(ratio(flows, of_flows))}).`
  return hanging('', figure, sheet)
}
