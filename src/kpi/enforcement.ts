/** SEC09-BP02: is what crosses the network encrypted, how well, how fast is what is not found and mended, and what does it cost? */
import type { Kpi } from './kpi.ts'

const UNKNOWN = 'is unknown, or missing because frames were dropped (an estimate); traffic that no sensor is shown'
const VPC_LOGS = 'VPC flow logs with encryption-status'
const EARLIER = 'what was over before the sensor began'
const NO_HELLO = 'flows of TLS whose negotiation was not captured'
const UNTIMED =
  'the rest of the handshake, which TLS 1.3 encrypts; work of the processors; what was rolled up before schema 27 and is gone'
const ALB_TLS = 'connection logs of the load balancer (tls_protocol, tls_cipher)'

export const enforcement: readonly Kpi[] = [
  {
    name: 'coverage-flows',
    title: 'Communications encrypted, by flows',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'flows that are weak, strong or opaque',
    denominator: 'those, and plaintext flows; exempt ones are left out',
    unobservable: `what ${UNKNOWN}`,
    complement: VPC_LOGS,
  },
  {
    name: 'coverage-bytes',
    title: 'Communications encrypted, by bytes',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'L4 payload bytes of flows that are weak, strong or opaque',
    denominator: 'those, and the bytes of plaintext flows',
    unobservable: `what ${UNKNOWN}`,
    complement: VPC_LOGS,
  },
  {
    name: 'coverage-edges',
    title: 'Communications encrypted, by edges',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'edges (client address, server address, server port) with encrypted flows and no plaintext one',
    denominator: 'those, and edges with a plaintext flow',
    unobservable: `edges with nothing but what ${UNKNOWN}`,
    complement: VPC_LOGS,
  },
  {
    name: 'tls-version-compliance',
    title: 'TLS 1.2 or newer',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'flows of TLS 1.2, DTLS 1.2 or newer, as negotiated',
    denominator: 'flows whose version was negotiated in sight',
    unobservable: NO_HELLO,
    complement: ALB_TLS,
  },
  {
    name: 'tls13-share',
    title: 'TLS 1.3',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'flows of TLS 1.3 or DTLS 1.3',
    denominator: 'flows whose version was negotiated in sight',
    unobservable: NO_HELLO,
    complement: ALB_TLS,
  },
  {
    name: 'strong-encryption',
    title: 'Strong cipher suites, keys and certificates',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'flows of which no rule failed: of the packs that were asked for, else of the one that judged',
    denominator: 'encrypted flows whose handshake was seen',
    unobservable: 'opaque and unknown flows',
    complement: ALB_TLS,
  },
  {
    name: 'plaintext-detection-time',
    title: 'Time to detect plaintext',
    ...{ practice: 'BP02', unit: 'seconds', better: 'less' },
    numerator: 'sum of the times from the first plaintext flow of an edge until it was stored',
    denominator: 'episodes of plaintext that were stored within 7 days',
    unobservable: `episodes read from files later than that; ${EARLIER}`,
    complement: 'none',
  },
  {
    name: 'plaintext-remediation-time',
    title: 'Time to mend plaintext',
    ...{ practice: 'BP02', unit: 'seconds', better: 'less' },
    numerator:
      'sum of the times from the first plaintext flow of an edge to the first flow of the proof that it is over',
    denominator: 'episodes that are over by proof: 20 encrypted flows over 24 hours and no plaintext since',
    unobservable:
      'dormant episodes, silent for 7 days: mended or gone. low is to the last plaintext, high to the end of the proof',
    complement: 'events of the cloud that tell what was deleted',
  },
  {
    name: 'plaintext-unresolved',
    title: 'Plaintext that is not mended',
    ...{ practice: 'BP02', unit: 'share', better: 'less' },
    numerator: 'episodes of plaintext that are open',
    denominator: 'episodes that are open or over by proof',
    unobservable: 'dormant episodes, silent for 7 days: mended or gone',
    complement: 'events of the cloud that tell what was deleted',
  },
  {
    name: 'handshake-time',
    title: 'Time of a handshake, median',
    ...{ practice: 'BP02', unit: 'seconds', better: 'less' },
    numerator:
      'the median of the times from a ClientHello to the end of what is in the clear of its handshake, within 1 %',
    denominator: 'handshakes that were timed',
    unobservable: UNTIMED,
    complement: 'tls_handshake_latency of the load balancer',
  },
  {
    name: 'handshake-time-p95',
    title: 'Time of a handshake, 95 % below',
    ...{ practice: 'BP02', unit: 'seconds', better: 'less' },
    numerator: 'the time that 95 % of them do not exceed, within 1 %',
    denominator: 'handshakes that were timed',
    unobservable: UNTIMED,
    complement: 'tls_handshake_latency of the load balancer',
  },
  {
    name: 'handshake-round-trips',
    title: 'Round trips of a handshake',
    ...{ practice: 'BP02', unit: 'ratio', better: 'less' },
    numerator: 'sum of the times of handshakes',
    denominator: 'sum of the round-trip times of the same connections',
    unobservable: 'flows of which one or the other was not measured',
    complement: 'none',
  },
  {
    name: 'resumption-share',
    title: 'Sessions resumed',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'flows that resumed a session',
    denominator: 'flows of TLS of which both hellos were seen',
    unobservable: NO_HELLO,
    complement: 'none',
  },
  {
    name: 'hello-retry-share',
    title: 'A round trip more, for a ClientHello that did not fit',
    ...{ practice: 'BP02', unit: 'share', better: 'less' },
    numerator: 'flows with a HelloRetryRequest (RFC 8446 §4.1.4)',
    denominator: 'flows of TLS of which both hellos were seen',
    unobservable: NO_HELLO,
    complement: 'none',
  },
  {
    name: 'multiplexing-share',
    title: 'HTTP/2 or HTTP/3',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'flows whose server chose h2 or h3',
    denominator: 'flows whose choice of ALPN was seen',
    unobservable: 'TLS 1.3, which encrypts it; flows without ALPN',
    complement: 'access logs of the load balancer',
  },
  {
    name: 'ec-certificate-share',
    title: 'Certificates with EC keys',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'full handshakes whose leaf has an EC or EdDSA key',
    denominator: 'full handshakes whose leaf was read',
    unobservable: 'TLS 1.3, which encrypts it',
    complement: 'a list of certificates from ACM',
  },
  {
    name: 'short-chain-share',
    title: 'Chains of three certificates or fewer',
    ...{ practice: 'BP02', unit: 'share', better: 'more' },
    numerator: 'full handshakes with three certificates or fewer',
    denominator: 'full handshakes whose certificates were seen',
    unobservable: 'TLS 1.3, which encrypts them',
    complement: 'none',
  },
]
