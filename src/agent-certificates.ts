import type { FlowSink } from './agent-options.ts'
import type { CertificateFacts, StapledResponse, TlsFacts } from './core/facts.ts'

/** Certificates whose first sight is remembered; past it they are handed to the sink again, which stores each once. */
const MAX_KNOWN_CERTIFICATES = 1 << 17

const MAX_KNOWN_STAPLES = 1 << 14

/** Hands each certificate to the sink when it is seen for the first time. */
export class CertificateSights {
  readonly #sink: FlowSink
  readonly #known = new Set<string>()
  readonly #knownStaples = new Set<string>()

  constructor(sink: FlowSink) {
    this.#sink = sink
  }

  note(tls: TlsFacts | null): void {
    if (tls === null || this.#sink.certificate === undefined) return
    if (tls.ocspResponse !== null) this.#noteStaple(tls.serverCertificates[0], tls.ocspResponse)
    this.#noteAll(tls.serverCertificates)
    this.#noteAll(tls.clientCertificates)
  }

  #noteStaple(leaf: CertificateFacts | undefined, staple: StapledResponse): void {
    if (leaf === undefined || this.#knownStaples.has(staple.sha256)) return
    if (this.#knownStaples.size >= MAX_KNOWN_STAPLES) this.#knownStaples.clear()
    this.#knownStaples.add(staple.sha256)
    this.#remember(leaf)
    this.#sink.certificate?.(leaf, staple)
  }

  #noteAll(certificates: readonly CertificateFacts[]): void {
    for (let i = 0; i < certificates.length; i++) {
      const certificate = certificates[i] as CertificateFacts
      if (this.#known.has(certificate.fingerprint)) continue
      this.#remember(certificate)
      this.#sink.certificate?.(certificate, null)
    }
  }

  #remember({ fingerprint }: CertificateFacts): void {
    if (this.#known.size >= MAX_KNOWN_CERTIFICATES) this.#known.clear()
    this.#known.add(fingerprint)
  }
}
