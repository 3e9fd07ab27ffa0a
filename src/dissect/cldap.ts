import { PROTO_UDP } from '../core/ip-numbers.ts'
import { checkLdapOp, LdapMessage, LdapOp, readLdapMessage } from '../wire/ldap.ts'
import { CLIENT, type DatagramDissector, SERVER } from './dissector.ts'
import { recognisedDatagrams } from './recognised.ts'

const MESSAGE = new LdapMessage()

/** LDAP over UDP, as clients of Active Directory look for a domain controller: searches only, and nothing protects them. */
export const cldap: DatagramDissector = recognisedDatagrams({
  name: 'cldap',
  about: { title: 'CLDAP', source: '[MS-ADTS] §6.3.3', reads: null },
  transport: PROTO_UDP,
  ports: [389],

  probe(buf, at, end, missing): boolean {
    if (readLdapMessage(buf, at, end, MESSAGE) !== 'message') return false
    const { op, end: behind } = MESSAGE
    const isSearch = op === LdapOp.SEARCH_REQUEST || op === LdapOp.SEARCH_ENTRY || op === LdapOp.SEARCH_DONE
    if (!isSearch || checkLdapOp(buf, MESSAGE, end) !== 'message') return false
    // An answer is an entry and its result, one behind the other.
    return behind === end + missing || (op === LdapOp.SEARCH_ENTRY && behind < end + missing)
  },

  opener(buf, at, end) {
    return readLdapMessage(buf, at, end, MESSAGE) === 'message' && MESSAGE.op === LdapOp.SEARCH_REQUEST
      ? CLIENT
      : SERVER
  },
})
