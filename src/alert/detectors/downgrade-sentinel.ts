import { factDetector } from '../detector.ts'
import { whoFixesVersion } from '../must-fix.ts'

/** RFC 8446 §4.1.3. */
export const downgradeSentinel = factDetector({
  id: 'A8',
  name: 'downgrade-sentinel',
  severity: 'critical',
  title: 'A server says that it was talked down to a lower version',
  subject: 'server',
  kinds: ['tls'],
  shows(facts) {
    if (facts.sentinel === null) return facts.isHandshakeDone ? 'good' : null
    const sql = 'downgrade_sentinel IS NOT NULL'
    if (whoFixesVersion(facts) !== 'attack') {
      const what = 'the server could do a higher version than this client offers'
      return { what, mustFix: 'client', severity: 'info', sql }
    }
    // A client that follows the RFC aborts: the attempt is as bad as its success would be, the damage is not.
    const what = facts.isHandshakeDone
      ? 'the client offered a higher version, the server could do it, and they went on with a lower one'
      : 'somebody talks the connection down to a lower version, and it fails'
    return { what, mustFix: 'attack', severity: facts.isHandshakeDone ? 'critical' : 'high', sql }
  },
})
