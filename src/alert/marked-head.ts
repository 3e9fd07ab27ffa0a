/** What a flow has of its own, read from the marks beside its line when it is asked for: few are asked for all of it. */
import { VISIBILITIES } from '../core/verdict.ts'
import * as mark from '../record/flow-marks.ts'
import { transportName } from '../record/line.ts'
import type { FlowHead } from './flow.ts'

const ID_DIGITS = 32
const ID_MEMBER = '{"flow_id":"'

export class MarkedHead implements FlowHead {
  readonly #bytes: Buffer
  readonly #marks: mark.FlowMarks
  readonly #line: number

  constructor(bytes: Buffer, marks: mark.FlowMarks, line: number) {
    this.#bytes = bytes
    this.#marks = marks
    this.#line = line
  }

  get sensor(): string {
    return this.#marks.sensor
  }

  get isLast(): boolean {
    return this.#word(mark.IS_LAST) === 1
  }

  get firstUs(): number {
    return this.#number(mark.FIRST_US)
  }

  get lastUs(): number {
    return this.#number(mark.LAST_US)
  }

  get bytesClient(): number {
    return this.#number(mark.BYTES_CLIENT)
  }

  get bytesServer(): number {
    return this.#number(mark.BYTES_SERVER)
  }

  get visibility(): string {
    return VISIBILITIES[this.#word(mark.VISIBILITY)] as string
  }

  get transport(): string {
    return transportName(this.#word(mark.TRANSPORT))
  }

  get id(): string {
    const line = this.#line
    const lineAt = line === 0 ? 0 : (this.#marks.words[(line - 1) * mark.MARK_WORDS + mark.LINE_END] as number) + 1
    const at = lineAt + ID_MEMBER.length
    return this.#bytes.toString('latin1', at, at + ID_DIGITS)
  }

  get idNumber(): number {
    return numberOfId(this.#word(mark.ID), this.#word(mark.ID + 1))
  }

  get clientIp(): string {
    return this.#bytes.toString('latin1', this.#word(mark.CLIENT_AT), this.#word(mark.CLIENT_END))
  }

  get clientWord(): number {
    return this.#word(mark.IS_IPV4) === 1 ? this.#word(mark.CLIENT_ADDRESS + 3) >>> 0 : -1
  }

  #word(at: number): number {
    return this.#marks.words[this.#line * mark.MARK_WORDS + at] as number
  }

  #number(at: number): number {
    return this.#marks.numbers[this.#line * mark.MARK_NUMBERS + at] as number
  }
}

/** 52 of the id's bits: two flows of a hundred thousand have the same one in one case of a million. */
export const numberOfId = (first: number, second: number): number => (first >>> 0) * 0x10_0000 + (second >>> 12)
