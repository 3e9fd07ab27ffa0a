import type { FormPasswordWatch } from '../wire/http1-credentials.ts'
import type { FinalCoding } from '../wire/http1-fields.ts'
import type { DissectorState } from './dissector.ts'

/** Start line and fields of one message, and trailers; more is not read (RFC 9112 §3 wants 8000 bytes at the least). */
export const MAX_HEAD_BYTES = 64 * 1024
/** Exchanges read of one flow. What a connection shows, it shows early; the rest costs nothing. */
export const MAX_TRANSACTIONS = 64
/** Requests without their response yet. More, and a response's request is taken as unknown. */
export const MAX_OUTSTANDING = 32

/** What a request's method means for the framing of its response. */
export type MethodKind = 'head' | 'connect' | 'other' | 'unknown'

/** What the next byte of one direction belongs to. */
export type Phase =
  | 'start' // a start line, or an empty line before it
  | 'fields' // header fields
  | 'body' // `remaining` bytes of a body or chunk
  | 'chunk_size'
  | 'chunk_end' // the line end behind a chunk's bytes
  | 'trailers'
  | 'perhaps_tunnel' // an unframed 2xx answer to a request that was not seen: a body, or what a CONNECT opened
  | 'resync' // bytes were lost; a segment that begins with a start line ends this
  | 'to_close' // nothing more is read of this direction

/** One direction's place in its stream. Numbers and words of ours only: no byte of a message stays here. */
export class Lane {
  phase: Phase = 'start'
  /** Bytes of the unconsumed line that were already searched for its end. */
  searched = 0
  /** Bytes consumed of the head, or of the trailers, being read. */
  headBytes = 0
  /** Bytes of the body or chunk not passed yet. */
  remaining = 0

  // The message being read.
  isRequest = false
  /** The request's method; of a response, the method it answers. */
  method: MethodKind = 'other'
  status = 0
  /** -1 = none. */
  contentLength = -1
  badLength = false
  coding: FinalCoding | null = null
  hasContentType = false
  isForm = false
  /** Bytes of a form body that may still be looked at. */
  lookBytes = 0
  form: FormPasswordWatch | null = null

  /** The last request asks to leave HTTP, so bytes that are no HTTP are expected next. */
  leaving: 'connect' | 'upgrade' | null = null

  /** As new, for the next flow. */
  reset(): void {
    this.openMessage(false, 'other', 0)
    this.phase = 'start'
    this.searched = 0
    this.headBytes = 0
    this.remaining = 0
    this.leaving = null
  }

  openMessage(isRequest: boolean, method: MethodKind, status: number): void {
    this.phase = 'fields'
    this.isRequest = isRequest
    this.method = method
    this.status = status
    this.contentLength = -1
    this.badLength = false
    this.coding = null
    this.hasContentType = false
    this.isForm = false
    this.lookBytes = 0
    this.form = null
    if (isRequest) this.leaving = null
  }
}

/** Never written to. */
const NOTHING: MethodKind[] = []

export class HttpState implements DissectorState {
  done = false
  /** The bytes behind what was consumed, in both directions, are another protocol's. */
  tunnel = false
  readonly lanes: readonly [Lane, Lane] = [new Lane(), new Lane()]
  /** Methods of requests without a response yet, oldest first. */
  outstanding = NOTHING
  /** Responses that came before their request, as captures of two interfaces do. */
  early = 0
  /** False once requests and responses can no longer be matched by counting. */
  paired = true
  /** `paired` was lost to MAX_OUTSTANDING. */
  overflowed = false
  /** A message was seen that does not show by itself whether application data crossed in the clear. */
  shown = false
  /** The request read last carries credentials; its response tells whether they were taken. */
  authenticates = false
  /** Capture time of what is being read, µs. */
  nowUs = 0
  /** Protocol named by a 101 response's Upgrade field, lower-case. */
  upgradeTo: string | null = null

  /** As new, for the next flow. */
  reset(): void {
    this.done = false
    this.tunnel = false
    for (const lane of this.lanes) lane.reset()
    this.outstanding = NOTHING
    this.early = 0
    this.paired = true
    this.overflowed = false
    this.shown = false
    this.authenticates = false
    this.nowUs = 0
    this.upgradeTo = null
  }

  unpair(): void {
    this.paired = false
    this.outstanding = NOTHING
  }
}
