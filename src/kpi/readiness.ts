/** What SEC09 does not ask for: how much of it can be judged, and what comes next. */
import type { Kpi } from './kpi.ts'

export const readiness: readonly Kpi[] = [
  {
    name: 'opaque-share',
    title: 'Encrypted, but nobody can say how well',
    ...{ practice: 'added', unit: 'share', better: 'less' },
    numerator: 'opaque flows',
    denominator: 'encrypted flows: weak, strong and opaque',
    unobservable: 'unknown flows',
    complement: 'configuration of the tunnels',
  },
  {
    name: 'certificate-visibility',
    title: 'Handshakes with certificates in sight',
    ...{ practice: 'added', unit: 'share', better: null },
    numerator: 'full handshakes whose certificates were seen',
    denominator: 'full handshakes',
    unobservable: 'flows of TLS whose version was not seen',
    complement: 'probes of the names that were seen; a list of certificates from ACM',
  },
  {
    name: 'post-quantum-share',
    title: 'Post-quantum key exchange',
    ...{ practice: 'added', unit: 'share', better: 'more' },
    numerator: 'flows whose key exchange is post-quantum or hybrid (TLS, QUIC, SSH)',
    denominator: 'encrypted flows whose key exchange was seen',
    unobservable: 'opaque and unknown flows',
    complement: 'none',
  },
  {
    name: 'ech-share',
    title: 'Encrypted ClientHello',
    ...{ practice: 'added', unit: 'share', better: null },
    numerator: 'flows whose server accepted one',
    denominator: 'flows of TLS that had none, or had it accepted',
    unobservable: 'those that had one which may mean nothing (GREASE, RFC 9849 §6.2)',
    complement: 'DNS: which names publish a key',
  },
]
