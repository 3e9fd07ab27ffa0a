/** What was judged of a conversation. See DESIGN: facts first, opinion later. */
export const VERDICTS = ['plaintext', 'weak', 'strong', 'opaque', 'unknown', 'exempt'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Why a verdict is `unknown`: always one of these, so that unknowns can be burned down. */
export const UNKNOWN_REASONS = [
  'no_payload', // no application byte crossed
  'midstream', // the capture starts after the handshake and nothing recognisable followed
  'one_sided', // only one direction was captured, and it does not show enough
  'gap', // bytes before the verdict were lost
  'truncated', // the capture kept too few bytes of each frame
  'ambiguous', // data crossed that looks the same with encryption and without
  'unrecognised', // bytes were seen and no dissector knows them
  'cap_hit', // one of our own memory caps stopped the reading
] as const
export type UnknownReason = (typeof UNKNOWN_REASONS)[number]

/** Whose packets were seen. */
export const VISIBILITIES = ['both', 'client_only', 'server_only'] as const
export type Visibility = (typeof VISIBILITIES)[number]

/** What the application data of a flow looked like on the wire, shown by a message, before any opinion. */
export type Protection =
  | 'cleartext' // application data crossed in the clear
  | 'encrypted' // application data is protected, and the handshake that chose how was seen
  | 'opaque' // application data is protected, and how is not visible
  | 'undetermined' // no message shows either
