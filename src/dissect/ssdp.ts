/** SSDP: searches and announcements of UPnP, in HTTP's form over multicast. */

import { fieldValue, headText } from '../wire/text-message.ts'
import type { DatagramDissector } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

const MAX_START_BYTES = 32

export const ssdp: DatagramDissector = recognisedDatagrams({
  name: 'ssdp',
  about: { title: 'SSDP', source: 'UPnP Device Architecture 2.0 §1', reads: null },
  transport: 17,
  ports: [1900],
  probe(buf, at, end) {
    const first = buf[at]
    // M, N or H: most datagrams are not even looked at.
    if (first !== 0x4d && first !== 0x4e && first !== 0x48) return false
    const start = headText(buf, at, Math.min(end, at + MAX_START_BYTES))
    if (/^(M-SEARCH|NOTIFY) \* HTTP\/1\.[01] ?\r?\n/.test(start)) return hasOwnField(headText(buf, at, end))
    return /^HTTP\/1\.[01] 200 OK ?\r?\n/i.test(start) && fieldValue(headText(buf, at, end), 'usn') !== ''
  },
})

/** What only SSDP has: the kind of search, what is searched for, what announces itself. */
const hasOwnField = (head: string): boolean =>
  ['man', 'st', 'nt', 'nts', 'usn'].some((name) => fieldValue(head, name) !== '')
