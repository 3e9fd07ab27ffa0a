/** JSON text in ASCII alone, so that it can be copied byte for byte. */

const HAS_BEYOND_ASCII = /[\u007f-\uffff]/
const BEYOND_ASCII = /[\u007f-\uffff]/g

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Like JSON.stringify, with everything outside ASCII escaped. */
export const asciiJson = (value: unknown): string => escapeBeyondAscii(JSON.stringify(value))

/** JSON text with everything outside ASCII escaped: what a name holds cannot steer a terminal. */
export const escapeBeyondAscii = (json: string): string =>
  HAS_BEYOND_ASCII.test(json) ? json.replace(BEYOND_ASCII, escaped) : json
