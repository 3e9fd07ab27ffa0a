/** ESP directly over IP. How it encrypts was agreed elsewhere, under encryption; that it does not, shows. */
import { PROTO_ESP } from '../core/ip-numbers.ts'
import { isEsp } from '../wire/esp.ts'
import type { DatagramDissector, DissectorState } from './dissector.ts'
import { EspWatch } from './esp-null.ts'

class EspState implements DissectorState {
  done = false
  readonly watch = new EspWatch()
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
    if (isEsp(buf, at, end, missing)) state.done = state.watch.packet(facts, buf, at, end, missing)
  },

  finish(): void {},
}
