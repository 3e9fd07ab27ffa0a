/** L2TP's control messages, which cross in the clear where no IPsec is around them. */
import { PROTO_UDP } from '../core/ip-numbers.ts'
import { L2tpMessage, l2tpMessage } from '../wire/ppp-tunnels.ts'
import { CLIENT, type DatagramDissector, type Direction, SERVER } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

export const l2tp: DatagramDissector = recognisedDatagrams({
  name: 'l2tp',
  transport: PROTO_UDP,
  about: { title: 'L2TP', source: 'RFC 2661, RFC 3931', reads: null },
  ports: [1701],

  probe: (buf, at, end, missing): boolean => l2tpMessage(buf, at, end, missing) > 0,

  opener(buf, at, end): Direction | null {
    const type = l2tpMessage(buf, at, end, 0)
    if (type === L2tpMessage.START_REQUEST) return CLIENT
    return type === L2tpMessage.START_REPLY ? SERVER : null
  },
})
