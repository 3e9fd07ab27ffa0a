/** Every error an operator can meet, with its exit status. README's table is held to this one by a test. */
export const ERROR_CODES = {
  ERR_USAGE: { exit: 2, meaning: 'the command line is wrong' },
  ERR_SOURCE_NOT_FOUND: {
    exit: 3,
    meaning: 'a capture file or folder does not exist or holds no capture, or there is no such interface',
  },
  ERR_SOURCE_PERMISSION: { exit: 3, meaning: 'a capture file cannot be read, or live capture is not allowed' },
  ERR_SOURCE_FORMAT: { exit: 3, meaning: 'a file is not a capture in a known format' },
  ERR_SOURCE_UNSUPPORTED: { exit: 3, meaning: 'this system, or this kind of interface, has no live capture' },
  ERR_SOURCE_REFUSED: {
    exit: 3,
    meaning: 'the kernel refused a live capture: no memory for the ring, or a fanout group in use',
  },
  ERR_SOURCE_ADDRESS: { exit: 3, meaning: 'an address to listen on is taken, not allowed, or not of this machine' },
  ERR_SOURCE_DAMAGED: {
    exit: 4,
    meaning: 'a capture file is damaged or cut off; everything before the damage was read',
  },
  ERR_STORE_UNREACHABLE: { exit: 5, meaning: 'the store cannot be reached or refuses the login' },
  ERR_STORE_SCHEMA: { exit: 5, meaning: 'the store, or the schema it holds, is of a version that cannot be used' },
  ERR_STORE_FULL: { exit: 5, meaning: 'the disk of the store or of the spool is full' },
  ERR_STORE_WRITE: { exit: 5, meaning: 'the store refused rows' },
  ERR_STORE_READ: { exit: 5, meaning: 'the store did not answer a query' },
  ERR_DATA_FOLDER: { exit: 5, meaning: 'the data folder cannot be used' },
  ERR_POLICY_NOT_FOUND: { exit: 6, meaning: 'no policy pack has that name' },
  ERR_POLICY_INVALID: { exit: 6, meaning: 'a policy pack is not valid' },
  ERR_DOCTOR: { exit: 8, meaning: 'doctor found what will make a capture fail' },
  ERR_FAILED_ON: { exit: 9, meaning: 'a replay found what --fail-on names' },
  ERR_RULES_TEST: { exit: 9, meaning: 'a rule test does not find what it expects' },
  ERR_FILTER: { exit: 2, meaning: 'the filter expression is not valid' },
} as const satisfies Record<string, { exit: number; meaning: string }>

export type ErrorCode = keyof typeof ERROR_CODES

/** A mistake of the operator's or of the surroundings: thrown, caught once in main, printed as one line with its fix. */
export class OperatorError extends Error {
  readonly code: ErrorCode
  readonly fix: string
  constructor(code: ErrorCode, what: string, fix: string) {
    super(what)
    this.name = 'OperatorError'
    this.code = code
    this.fix = fix
  }
  /** As it is told. */
  get line(): string {
    return `${this.code}: ${this.message}${/[.?!]$/.test(this.message) ? '' : '.'} Fix: ${this.fix}.`
  }
  get exitStatus(): number {
    return ERROR_CODES[this.code].exit
  }
}
