/** Exports of flows, each told from the others by its own header. None of them protects what it tells of the network. */
import { u16 } from '../core/bytes.ts'
import { isIpfix, isSflow, netflowVersion } from '../wire/flow-export.ts'
import { CLIENT, type DatagramDissector } from './dissector.ts'
import { datagramMessages } from './lone-messages.ts'
import { recognisedDatagrams } from './recognised.ts'

export const netflow: DatagramDissector = datagramMessages({
  name: 'netflow',
  about: { title: 'NetFlow 1, 5, 7 and 9', source: 'RFC 3954', reads: 'version' },
  transport: 17,
  ports: [2055, 9995],
  probe: (buf, at, end, missing) => netflowVersion(buf, at, end, missing) > 0,
  opener: () => CLIENT,
  read(facts, _direction, buf, at) {
    facts.protection = 'cleartext'
    facts.protocolVersion = String(u16(buf, at))
    return true
  },
})

export const ipfix: DatagramDissector = recognisedDatagrams({
  name: 'ipfix',
  about: { title: 'IPFIX', source: 'RFC 7011', reads: null },
  transport: 17,
  ports: [4739],
  probe: isIpfix,
  opener: () => CLIENT,
})

export const sflow: DatagramDissector = recognisedDatagrams({
  name: 'sflow',
  about: { title: 'sFlow 5', source: 'sflow.org specification', reads: null },
  transport: 17,
  ports: [6343],
  probe: isSflow,
  opener: () => CLIENT,
})
