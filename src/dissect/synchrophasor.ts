/** Synchrophasors of a power grid, recognised only: they have no protection of their own. */
import { PROTO_UDP } from '../decode/packet-meta.ts'
import { isSynchrophasorCommand, synchrophasorSize } from '../wire/synchrophasor.ts'
import { CLIENT, type DatagramDissector, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { recognisedDatagrams, recognisedStream } from './recognised.ts'

const ABOUT = { title: 'Synchrophasors', source: 'IEEE C37.118.2', reads: null }
const name = 'synchrophasor'

/** Who measures sends; who asks commands. */
const opener = (buf: Uint8Array, at: number, end: number): Direction | null =>
  end - at < 2 ? null : isSynchrophasorCommand(buf, at) ? CLIENT : SERVER

export const synchrophasorOverTcp: Dissector = recognisedStream({
  name,
  about: ABOUT,
  ports: [4712],
  probe(buf, at, end): Probe {
    const size = synchrophasorSize(buf, at, end)
    return size > 0 ? 'match' : size === 0 ? 'unsure' : 'no_match'
  },
  opener,
})

export const synchrophasor: DatagramDissector = recognisedDatagrams({
  name,
  about: ABOUT,
  transport: PROTO_UDP,
  ports: [4713],
  // Without its last bytes a frame cannot be told from others' that begin alike.
  probe: (buf, at, end, missing) => missing === 0 && end > at && synchrophasorSize(buf, at, end) === end - at,
  opener,
})
