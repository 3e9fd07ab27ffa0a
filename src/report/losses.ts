/** What sensors lost, by source: dropped frames, gaps, what was put aside to make room, and silence. */
import { count, counted, duration, percent, seconds } from './format.ts'
import { firstOf, hanging, type Sheet } from './layout.ts'
import { MAX_ROWS, type SensorHealth } from './read-report.ts'

/** Sources shown; silence is always told. */
const MOST_LOST = 8

export function losses(health: readonly SensorHealth[], sheet: Sheet): string[] {
  const blind = health.filter(isBlind)
  const seeing = health.filter((row) => !isBlind(row) && sawLess(row))
  return [
    ...firstOf(blind, MAX_ROWS, MAX_ROWS, (row) => [...alarm(row, sheet), ...lossesOf(row, sheet)]),
    ...firstOf(seeing, MOST_LOST, MAX_ROWS, (row) => lossesOf(row, sheet)),
  ]
}

const isBlind = ({ blind_since: since }: SensorHealth): boolean => since !== null

/** Whether there is anything to tell of a source. */
export const sawLess = (row: SensorHealth): boolean =>
  isBlind(row) || row.state === 'gone' || LOSSES.some(([name]) => row[name] > 0)

function alarm({ sensor, source, blind_since: since, state }: SensorHealth, sheet: Sheet): string[] {
  const how = state === 'down' ? ': its interface is down' : state === 'gone' ? ': it went away' : ''
  const text = `${source} of sensor ${sensor} saw nothing since ${seconds(since)}${how}.`
  return [
    ...hanging('ALARM  ', text, sheet).map((line) => sheet.paint(line, 'plaintext')),
    ...hanging('  ', 'Look at the mirror session, the cable and the interface.', sheet),
  ]
}

/** What can be lost, and how that is said. */
const LOSSES = [
  ['dropped', ({ dropped, dropped_share: share }) => `${count(dropped)} dropped (${percent(share)})`],
  ['ring_freezes', ({ ring_freezes: times }) => counted(times, 'ring freeze')],
  ['gap_flows', ({ gap_flows: flows }) => `${counted(flows, 'flow')} with gaps`],
  ['cap_flows', ({ cap_flows: flows }) => counted(flows, 'cap hit')],
  ['flows_evicted', ({ flows_evicted: flows }) => `${counted(flows, 'flow')} evicted`],
  ['sessions_evicted', ({ sessions_evicted: openings }) => `${counted(openings, 'opening')} evicted`],
  ['flows_lost', ({ flows_lost: flows }) => `${counted(flows, 'open flow')} lost with a worker that died`],
  ['frames_not_decoded', ({ frames_not_decoded: frames }) => `${counted(frames, 'frame')} not decoded`],
  [
    'fragments_dropped',
    ({ fragments_dropped: datagrams }) => `${counted(datagrams, 'fragmented datagram')} not joined`,
  ],
  ['down_s', ({ down_s: time }) => `down for ${duration(time)}`],
] as const satisfies readonly (readonly [name: keyof SensorHealth, inWords: (row: SensorHealth) => string])[]

function lossesOf(row: SensorHealth, sheet: Sheet): string[] {
  if (!sawLess(row)) return []
  const lost = LOSSES.filter(([name]) => row[name] > 0).map(([, inWords]) => inWords(row))
  const parts = [`${counted(row.frames_received, 'frame')} received`, ...lost]
  if (row.state === 'gone' && !isBlind(row)) parts.push('stopped before its end')
  return [
    ...hanging('', `${row.source} of sensor ${row.sensor}: ${parts.join(', ')}`, sheet),
    ...(row.dropped > 0 ? hanging('  ', AGAINST_DROPS, sheet) : []),
  ]
}

const AGAINST_DROPS = 'Mirror less, filter earlier, or give the capture more memory or workers.'
