/** Apache Thrift in its binary and compact protocols, bare or in frames. */
import { isFromClient, isFromServer, NONE, thriftMessage, UNSURE } from '../wire/thrift.ts'
import { CLIENT, type Dissector, SERVER } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

export const thrift: Dissector = recognisedStream({
  name: 'thrift',
  about: { title: 'Apache Thrift', source: 'thrift.apache.org', reads: null },
  ports: [9090],

  probe(buf, at, end) {
    const type = thriftMessage(buf, at, end)
    if (type === UNSURE) return 'unsure'
    return type === NONE ? 'no_match' : 'match'
  },

  opener(buf, at, end) {
    const type = thriftMessage(buf, at, end)
    if (isFromClient(type)) return CLIENT
    return isFromServer(type) ? SERVER : null
  },
})
