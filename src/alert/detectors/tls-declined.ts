import { factDetector } from '../detector.ts'
import type { MustFix } from '../finding.ts'

/** Whose word it was. */
const BY: Readonly<Record<string, { readonly who: MustFix; readonly what: string }>> = {
  refused: { who: 'server', what: 'the client asked for TLS and the server refused' },
  not_offered: { who: 'server', what: 'the server does not offer TLS' },
  skipped: { who: 'client', what: 'the server offers TLS and the client went on without' },
}

/** Protocols in which the client speaks first, and asks for TLS or not. */
const UNASKED: Readonly<Record<string, { readonly who: MustFix; readonly what: string }>> = {
  postgresql: { who: 'client', what: 'the client did not ask for TLS (no SSLRequest)' },
}

export const tlsDeclined = factDetector({
  id: 'A5',
  name: 'tls-declined',
  severity: 'high',
  title: 'A protocol that can use TLS goes on without it',
  subject: 'server',
  shows(facts) {
    if (facts.isEncrypted) return 'good'
    if (!facts.isPlaintext) return null
    const by = facts.upgradeState === null ? UNASKED[facts.protocol] : BY[facts.upgradeState]
    if (by === undefined) return null
    return { what: `${facts.protocol}: ${by.what}`, mustFix: by.who, sql: "verdict = 'plaintext'" }
  },
})
