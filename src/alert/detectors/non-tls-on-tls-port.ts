import { detector, nothing } from '../detector.ts'
import { TLS_PORTS } from '../tls-ports.ts'

export const nonTlsOnTlsPort = detector({
  id: 'A2',
  name: 'non-tls-on-tls-port',
  severity: 'high',
  title: 'Something is spoken in the clear on a port of TLS',
  subject: 'server',
  concerns: ({ isEncrypted, isPlaintext }) => isEncrypted || isPlaintext,
  settles: true,
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const { facts } = flow
    const isTlsPort = TLS_PORTS.has(flow.serverPort)
    if (isTlsPort && facts.isEncrypted) context.good()
    if (!isTlsPort || facts.isEncrypted) context.settled(Number.POSITIVE_INFINITY)
    if (!isTlsPort) return
    // Both must have spoken: a server that refuses without a word says nothing of itself.
    if (!facts.isPlaintext || flow.bytesClient === 0 || flow.bytesServer === 0) return
    context.raise({
      what: `${facts.protocol || 'an exchange'} in the clear on port ${flow.serverPort}`,
      mustFix: 'both',
      sql: "verdict = 'plaintext'",
    })
  },
})
