/** The first part of a flow's line, which no two flows share, read where `record/line.ts` puts each member. */
import { type FlowHead, type FlowTexts, numberOfId } from './flow.ts'

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
/** Sensor, policies and the name of a file; a line of another kind has no first time so near. */
const MAX_SOURCE_CHARS = 8192
/** "2026-11-24T02:19:00.000001Z" */
const TIME_LENGTH = 27
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** What a line says first. One object for all of it: a line makes few, or collecting them costs as much as reading. */
export class HeadRead implements FlowHead, FlowTexts {
  sensor = ''
  firstUs = 0
  lastUs = 0
  bytesClient = 0
  bytesServer = 0
  visibility = ''
  transport = ''
  /** The members of the server's address and port, and of the flow's context. */
  placeAt = 0
  placeEnd = 0
  /** Behind the head. */
  end = 0
  // Texts are cut out when they are asked for: few flows are.
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

  get texts(): FlowTexts {
    return this
  }

  id(): string {
    return this.#bytes.toString('latin1', this.#idAt, this.#idAt + 32)
  }

  idNumber(): number {
    return numberOfId(this.#bytes, this.#idAt, this.#idAt + 32)
  }

  clientIp(): string {
    return this.#bytes.toString('latin1', this.#clientAt, this.#clientEnd)
  }

  clientWord(): number {
    const bytes = this.#bytes
    let word = 0
    let octet = 0
    for (let at = this.#clientAt; at < this.#clientEnd; at++) {
      const byte = bytes[at] as number
      if (byte === DOT) {
        word = (word << 8) | octet
        octet = 0
      } else if (byte >= ZERO && byte <= NINE) octet = octet * 10 + byte - ZERO
      else return -1
    }
    return ((word << 8) | octet) >>> 0
  }
}

export class LineHead {
  /** What the last line said of sensor, policy and file, up to its first time: the same for many lines in a row. */
  #source = ''
  #sensor = ''
  #day = ''
  #dayUs = 0
  #bytes: Buffer = Buffer.alloc(0)
  /** Behind the last number. */
  #next = 0

  /** Null when a member is not where it should be. What was read can be asked for texts while the lines are there. */
  read(bytes: Buffer, text: string, at: number): HeadRead | null {
    if (!text.startsWith(FLOW_ID, at) || !text.startsWith(SENSOR, at + ID_AT + 32)) return null
    this.#bytes = bytes
    const firstAt = this.#readSource(text, at + SENSOR_AT)
    const lastAt = firstAt + TIME_LENGTH + LAST_SEEN.length
    if (firstAt < 0 || !text.startsWith(LAST_SEEN, firstAt + TIME_LENGTH)) return null
    if (!text.startsWith(TRANSPORT, lastAt + TIME_LENGTH)) return null
    const transportAt = lastAt + TIME_LENGTH + TRANSPORT.length
    const transportEnd = text.indexOf('"', transportAt)
    if (!text.startsWith(CLIENT_IP, transportEnd)) return null
    const clientAt = transportEnd + CLIENT_IP.length
    const clientEnd = text.indexOf('"', clientAt)
    const placeAt = text.indexOf(SERVER_IP, clientEnd) + 1
    const placeEnd = text.indexOf(PACKETS_CLIENT, placeAt)
    const countsAt = text.indexOf(BYTES_CLIENT, placeEnd)
    if (placeAt === 0 || placeEnd < 0 || countsAt < 0) return null
    const bytesClient = this.#number(countsAt + BYTES_CLIENT.length)
    if (!text.startsWith(BYTES_SERVER, this.#next)) return null
    const bytesServer = this.#number(this.#next + BYTES_SERVER.length)
    const visibilityAt = text.indexOf(VISIBILITY, this.#next) + VISIBILITY.length
    if (visibilityAt < VISIBILITY.length) return null
    const visibilityEnd = text.indexOf('"', visibilityAt)
    const read = new HeadRead(bytes, at + ID_AT, clientAt, clientEnd)
    read.sensor = this.#sensor
    read.firstUs = this.#timeUs(text, firstAt)
    read.lastUs = this.#timeUs(text, lastAt)
    read.bytesClient = bytesClient
    read.bytesServer = bytesServer
    read.visibility = text.slice(visibilityAt, visibilityEnd)
    read.transport = text.slice(transportAt, transportEnd)
    read.placeAt = placeAt
    read.placeEnd = placeEnd
    read.end = visibilityEnd + 1
    return read
  }

  /** Where the first time is, -1 = nowhere near. */
  #readSource(text: string, at: number): number {
    const known = this.#source
    if (known !== '' && text.startsWith(known, at)) return at + known.length
    const end = text.indexOf(FIRST_SEEN, at)
    if (end < 0 || end - at > MAX_SOURCE_CHARS) return -1
    const members = text.slice(at, end)
    this.#source = `${members}${FIRST_SEEN}`
    this.#sensor = (JSON.parse(`{${members}}`) as { sensor: string }).sensor
    return end + FIRST_SEEN.length
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
    if (this.#day === '' || !text.startsWith(this.#day, at)) {
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
