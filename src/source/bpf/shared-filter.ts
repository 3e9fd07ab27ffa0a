/** One program for a socket that sees every interface: frames of those that were asked for, each kind by its own rules. */
import { encodeProgram, INTERFACE_INDEX, type Instruction, OP } from './instruction.ts'

/** As much of a frame as there is. */
const WHOLE = 0xffffffff

/** An interface of this number: does the filter read its frames, which it does if they begin with an Ethernet header? */
export interface FilteredInterface {
  readonly ifindex: number
  readonly hasEthernet: boolean
}

/** `filter` is a program as `encodeProgram` makes it, or null for all. At most 250 interfaces: jumps are of one byte. */
export function sharedFilter(interfaces: readonly FilteredInterface[], filter: Uint8Array | null): Uint8Array {
  const count = interfaces.length
  const none = count + 1
  const whole = none + 1
  const filtered = filter === null ? whole : whole + 1
  const program: Instruction[] = [
    { code: OP.LD_ABS, jt: 0, jf: 0, k: INTERFACE_INDEX },
    ...interfaces.map(({ ifindex, hasEthernet }, n) => ({
      code: OP.JEQ_K,
      // From the instruction behind this one.
      jt: (hasEthernet ? filtered : whole) - (n + 2),
      jf: 0,
      k: ifindex,
    })),
    { code: OP.RET_K, jt: 0, jf: 0, k: 0 },
    { code: OP.RET_K, jt: 0, jf: 0, k: WHOLE },
  ]
  return Buffer.concat([encodeProgram(program), filter ?? new Uint8Array()])
}
