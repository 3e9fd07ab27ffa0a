import { detector, nothing } from '../detector.ts'
import { whoFixesVersion } from '../must-fix.ts'

/** RFC 8446 §4.1.3. */
export const downgradeSentinel = detector({
  id: 'A8',
  name: 'downgrade-sentinel',
  severity: 'critical',
  title: 'A server says that it was talked down to a lower version',
  subject: 'server',
  kinds: ['tls'],
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const { facts } = flow
    if (facts.sentinel === null) {
      if (facts.isHandshakeDone) context.good()
      return
    }
    const sql = 'downgrade_sentinel IS NOT NULL'
    if (whoFixesVersion(facts) !== 'attack') {
      const what = 'the server could do a higher version than this client offers'
      context.raise({ what, mustFix: 'client', severity: 'info', sql })
      return
    }
    // A client that follows the RFC aborts: the attempt is as bad as its success would be, the damage is not.
    const what = facts.isHandshakeDone
      ? 'the client offered a higher version, the server could do it, and they went on with a lower one'
      : 'somebody talks the connection down to a lower version, and it fails'
    context.raise({ what, mustFix: 'attack', severity: facts.isHandshakeDone ? 'critical' : 'high', sql })
  },
})
