/** What a flow has of its own, read from the marks beside its line. */
import { VISIBILITIES } from '../core/verdict.ts'
import * as mark from '../record/flow-marks.ts'
import { transportName } from '../record/line.ts'
import type { Flow, FlowTexts } from './flow.ts'

const ID_DIGITS = 32
const ID_MEMBER = '{"flow_id":"'

export function readOwn(flow: Flow, { words, numbers, sensor }: mark.FlowMarks, line: number): void {
  const w = line * mark.MARK_WORDS
  const n = line * mark.MARK_NUMBERS
  flow.sensor = sensor
  flow.visibility = VISIBILITIES[words[w + mark.VISIBILITY] as number] as string
  flow.transport = transportName(words[w + mark.TRANSPORT] as number)
  flow.firstUs = numbers[n + mark.FIRST_US] as number
  flow.lastUs = numbers[n + mark.LAST_US] as number
  flow.bytesClient = numbers[n + mark.BYTES_CLIENT] as number
  flow.bytesServer = numbers[n + mark.BYTES_SERVER] as number
  flow.idNumber = numberOfId(words[w + mark.ID] as number, words[w + mark.ID + 1] as number)
  flow.client0 = words[w + mark.CLIENT_ADDRESS] as number
  flow.client1 = words[w + mark.CLIENT_ADDRESS + 1] as number
  flow.client2 = words[w + mark.CLIENT_ADDRESS + 2] as number
  flow.client3 = words[w + mark.CLIENT_ADDRESS + 3] as number
  flow.hasClientWords = true
  flow.isLast = words[w + mark.IS_LAST] === 1
}

/** Texts of the line at hand. */
export class MarkedTexts implements FlowTexts {
  bytes: Buffer = Buffer.alloc(0)
  words: Int32Array = new Int32Array(0)
  line = 0

  get id(): string {
    const { line, words } = this
    const lineAt = line === 0 ? 0 : (words[(line - 1) * mark.MARK_WORDS + mark.LINE_END] as number) + 1
    const at = lineAt + ID_MEMBER.length
    return this.bytes.toString('latin1', at, at + ID_DIGITS)
  }

  get clientIp(): string {
    const w = this.line * mark.MARK_WORDS
    return this.bytes.toString('latin1', this.words[w + mark.CLIENT_AT], this.words[w + mark.CLIENT_END])
  }
}

/** 52 of the id's bits: two flows of a hundred thousand have the same one in one case of a million. */
const numberOfId = (first: number, second: number): number => (first >>> 0) * 0x10_0000 + (second >>> 12)
