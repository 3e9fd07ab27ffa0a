/** Why bytes are not the message they claim to be. Closed: the same words are metric labels. */
export type MalformedReason =
  | 'bad_length' // a length field points outside its container
  | 'bad_value' // a field has a value the grammar forbids
  | 'too_large' // a message exceeds our named cap
  | 'trailing_bytes' // bytes are left over inside a container
  | 'duplicate' // an element that may appear once appears again

/** What a parser of borrowed bytes says: a message, more bytes wanted, or not such a message. It never throws. */
export type Parsed<T> =
  | { readonly kind: 'message'; readonly value: T /** Offset after the message. */; readonly end: number }
  | { readonly kind: 'incomplete' /** Bytes missing at the least. */; readonly need: number }
  | {
      readonly kind: 'malformed'
      readonly reason: MalformedReason /** Offset of the offending byte. */
      readonly at: number
    }

export const message = <T>(value: T, end: number): Parsed<T> => ({ kind: 'message', value, end })
export const incomplete = (need: number): Parsed<never> => ({ kind: 'incomplete', need })
export const malformed = (reason: MalformedReason, at: number): Parsed<never> => ({ kind: 'malformed', reason, at })
