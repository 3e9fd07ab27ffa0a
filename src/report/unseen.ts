/** What could not be judged, why, and how there will be less of it. */
import { bytes, counted } from './format.ts'
import { hanging, type Sheet, title } from './layout.ts'
import { losses } from './losses.ts'
import type { Report, Unseen } from './read-report.ts'

export function unseen({ unseen: rows, sensor_health: health }: Report, sheet: Sheet): string[] {
  const lost = losses(health, sheet)
  if (rows.length === 0 && lost.length === 0) return []
  const describe = ({ reason, flows, bytes: size, ports, why, remedy }: Unseen): string[] => [
    ...hanging('', `${reason ?? 'no reason given'}: ${counted(flows, 'flow')}, ${bytes(size)}${mostly(ports)}`, sheet),
    ...[why, remedy].flatMap((text) => (text === null ? [] : hanging('  ', text, sheet))),
  ]
  return [title('What could not be seen, and why'), ...lost, ...rows.flatMap(describe)]
}

function mostly(ports: readonly number[]): string {
  if (ports.length === 0) return ''
  return `, most on ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`
}
