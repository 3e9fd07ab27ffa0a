import type { Lab } from '../lab.ts'
import type { Row } from '../row.ts'

/** A row whose peers talk over one cable. */
export function cableRow(
  name: string,
  shows: string,
  peers: string,
  how: string,
  checks: Row['checks'],
  talk: (lab: Lab) => Promise<unknown>,
  more: Partial<Row> = {},
): Row {
  return {
    name,
    shows,
    peers,
    how,
    checks,
    ...more,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await talk(lab)
    },
  }
}
