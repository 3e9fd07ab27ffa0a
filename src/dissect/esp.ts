/** ESP directly over IP. How it encrypts was agreed elsewhere, under encryption; that it does not, shows. */
import { PROTO_ESP } from '../core/ip-numbers.ts'
import { clearInside, isEsp } from '../wire/esp.ts'
import { ClearWatch } from './clear-watch.ts'
import type { DatagramDissector, DissectorState } from './dissector.ts'

class EspState implements DissectorState {
  done = false
  readonly watch = new ClearWatch()
}

export const esp: DatagramDissector<EspState> = {
  name: 'esp',
  transport: PROTO_ESP,
  about: { title: 'ESP', source: 'RFC 4303', reads: 'ESP-NULL told from encryption by the headers inside' },
  ports: [],

  // The IP header has said what it is: enough if it can be.
  probe: isEsp,

  start(facts, used = null): EspState {
    facts.appProtocol ??= 'esp'
    if (used === null) return new EspState()
    used.done = false
    used.watch.reset()
    return used
  },

  read(state, facts, _direction, buf, at, end, missing): void {
    if (!isEsp(buf, at, end, missing)) return
    state.done = state.watch.packet(facts, missing === 0 ? clearInside(buf, at, end) : 0)
  },

  finish(): void {},
}
