/** What could not be judged, why, and how there will be less of it. */
import { bytes, counted } from './format.ts'
import { hanging, type Sheet, title } from './layout.ts'
import type { Report, Unseen } from './read-report.ts'

export function unseen({ unseen: rows }: Report, sheet: Sheet): string[] {
  if (rows.length === 0) return []
  const describe = ({ reason, flows, bytes: size, ports, why, remedy }: Unseen): string[] => [
    ...hanging('', `${reason ?? 'no reason given'}: ${counted(flows, 'flow')}, ${bytes(size)}${mostly(ports)}`, sheet),
    ...[why, remedy].flatMap((text) => (text === null ? [] : hanging('  ', text, sheet))),
  ]
  return [title('What could not be seen, and why'), ...rows.flatMap(describe)]
}

function mostly(ports: readonly number[]): string {
  if (ports.length === 0) return ''
  return `, most on ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`
}
