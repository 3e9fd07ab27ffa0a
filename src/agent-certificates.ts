import type { FlowSink } from './agent-options.ts'
import type { CertificateFacts, TlsFacts } from './core/facts.ts'

/** Certificates whose first sight is remembered; past it they are handed to the sink again, which stores each once. */
const MAX_KNOWN_CERTIFICATES = 1 << 17

/** Hands each certificate to the sink when it is seen for the first time. */
export class CertificateSights {
  readonly #sink: FlowSink
  readonly #known = new Set<string>()

  constructor(sink: FlowSink) {
    this.#sink = sink
  }

  note(tls: TlsFacts | null): void {
    if (tls === null || this.#sink.certificate === undefined) return
    if (tls.serverCertificates.length > 0) tls.serverCertificates.forEach(this.#note)
    if (tls.clientCertificates.length > 0) tls.clientCertificates.forEach(this.#note)
  }

  readonly #note = (certificate: CertificateFacts): void => {
    if (this.#known.has(certificate.fingerprint)) return
    if (this.#known.size >= MAX_KNOWN_CERTIFICATES) this.#known.clear()
    this.#known.add(certificate.fingerprint)
    this.#sink.certificate?.(certificate)
  }
}
