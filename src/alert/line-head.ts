/** The first part of a flow's line, which no two flows share, read where `record/line.ts` puts each member. */
import type { FlowHead, FlowTexts } from './flow.ts'

const FLOW_ID = '{"flow_id":"'
const ID_AT = FLOW_ID.length
const SENSOR = '","sensor":"'
const SENSOR_AT = ID_AT + 32 + '",'.length
const FIRST_SEEN = ',"first_seen":"'
const LAST_SEEN = '","last_seen":"'
const TRANSPORT = '","transport":"'
const CLIENT_IP = '","client_ip":"'
const SERVER_IP = ',"server_ip":"'
const PACKETS_CLIENT = ',"packets_client":'
const BYTES_CLIENT = ',"bytes_client":'
const BYTES_SERVER = ',"bytes_server":'
const VISIBILITY = ',"visibility":"'
/** "2026-11-24T02:19:00.000001Z" */
const TIME_LENGTH = 27
const ZERO = 0x30
const NINE = 0x39

export class LineHead {
  /** Behind the head. */
  end = 0
  /** The members of the server's address and port, and of the flow's context, from the first quote on. */
  placeAt = 0
  placeEnd = 0
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #sensor = ''
  #source = ''
  #firstUs = 0
  #lastUs = 0
  #transport = ''
  #clientAt = 0
  #clientEnd = 0
  #bytesClient = 0
  #bytesServer = 0
  #visibility = ''
  #day = ''
  #dayUs = 0
  #next = 0

  /** False when a member is not where it should be. */
  read(bytes: Buffer, text: string, at: number): boolean {
    if (!text.startsWith(FLOW_ID, at) || !text.startsWith(SENSOR, at + ID_AT + 32)) return false
    this.#bytes = bytes
    this.#at = at
    const times = this.#readSource(text, at + SENSOR_AT)
    if (times < 0 || !text.startsWith(LAST_SEEN, times + TIME_LENGTH)) return false
    this.#firstUs = this.#timeUs(text, times)
    const lastAt = times + TIME_LENGTH + LAST_SEEN.length
    this.#lastUs = this.#timeUs(text, lastAt)
    if (!text.startsWith(TRANSPORT, lastAt + TIME_LENGTH)) return false
    const transportAt = lastAt + TIME_LENGTH + TRANSPORT.length
    const transportEnd = text.indexOf('"', transportAt)
    if (!text.startsWith(CLIENT_IP, transportEnd)) return false
    this.#transport = text.slice(transportAt, transportEnd)
    this.#clientAt = transportEnd + CLIENT_IP.length
    this.#clientEnd = text.indexOf('"', this.#clientAt)
    return this.#readPlace(text) && this.#readCounts(text)
  }

  /** What was read. Its texts can be had for as long as the lines are there. */
  take(): FlowHead {
    return {
      sensor: this.#sensor,
      firstUs: this.#firstUs,
      lastUs: this.#lastUs,
      bytesClient: this.#bytesClient,
      bytesServer: this.#bytesServer,
      visibility: this.#visibility,
      transport: this.#transport,
      texts: new LineTexts(this.#bytes, this.#at + ID_AT, this.#clientAt, this.#clientEnd),
    }
  }

  /** Sensor, policy and file: the same for many lines in a row. Returns where the first time is. */
  #readSource(text: string, at: number): number {
    const known = this.#source
    if (known !== '' && text.startsWith(known, at)) return at + known.length
    const end = text.indexOf(FIRST_SEEN, at)
    if (end < 0 || end - at > 8192) return -1
    this.#source = `${text.slice(at, end)}${FIRST_SEEN}`
    this.#sensor = (JSON.parse(`{${text.slice(at, end)}}`) as { sensor: string }).sensor
    return end + FIRST_SEEN.length
  }

  #readPlace(text: string): boolean {
    const at = text.indexOf(SERVER_IP, this.#clientEnd)
    const end = text.indexOf(PACKETS_CLIENT, at)
    this.placeAt = at + 1
    this.placeEnd = end
    return at >= 0 && end >= 0
  }

  #readCounts(text: string): boolean {
    const clientAt = text.indexOf(BYTES_CLIENT, this.placeEnd)
    if (clientAt < 0) return false
    this.#bytesClient = this.#number(clientAt + BYTES_CLIENT.length)
    if (!text.startsWith(BYTES_SERVER, this.#next)) return false
    this.#bytesServer = this.#number(this.#next + BYTES_SERVER.length)
    const visibility = text.indexOf(VISIBILITY, this.#next)
    if (visibility < 0) return false
    const end = text.indexOf('"', visibility + VISIBILITY.length)
    this.#visibility = text.slice(visibility + VISIBILITY.length, end)
    this.end = end + 1
    return true
  }

  #number(at: number): number {
    const bytes = this.#bytes
    let value = 0
    let next = at
    for (let byte = bytes[next] as number; byte >= ZERO && byte <= NINE; byte = bytes[++next] as number) {
      value = value * 10 + byte - ZERO
    }
    this.#next = next
    return value
  }

  #timeUs(text: string, at: number): number {
    if (!text.startsWith(this.#day, at) || this.#day === '') {
      this.#day = text.slice(at, at + 11)
      this.#dayUs = Date.parse(`${text.slice(at, at + 10)}T00:00:00Z`) * 1000
    }
    const hours = this.#two(at + 11)
    const seconds = (hours * 60 + this.#two(at + 14)) * 60 + this.#two(at + 17)
    const us = (this.#two(at + 20) * 100 + this.#two(at + 22)) * 100 + this.#two(at + 24)
    return this.#dayUs + seconds * 1_000_000 + us
  }

  #two(at: number): number {
    return ((this.#bytes[at] as number) - ZERO) * 10 + (this.#bytes[at + 1] as number) - ZERO
  }
}

/** Cut out when they are asked for: few flows are. */
class LineTexts implements FlowTexts {
  readonly #bytes: Buffer
  readonly #idAt: number
  readonly #clientAt: number
  readonly #clientEnd: number

  constructor(bytes: Buffer, idAt: number, clientAt: number, clientEnd: number) {
    this.#bytes = bytes
    this.#idAt = idAt
    this.#clientAt = clientAt
    this.#clientEnd = clientEnd
  }

  id(): string {
    return this.#bytes.toString('latin1', this.#idAt, this.#idAt + 32)
  }

  clientIp(): string {
    return this.#bytes.toString('latin1', this.#clientAt, this.#clientEnd)
  }
}
