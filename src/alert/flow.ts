/** A flow record as detectors look at it: what it has of its own, and facts that many flows share. */
import { Facts } from './facts.ts'
import type { FlowRecord } from './records.ts'
import type { Zones } from './zones.ts'

/** Where a flow went: many flows go to the same place. */
export interface Place {
  readonly serverIp: string
  readonly serverPort: number
  /** "10.0.0.3:443", "[fd00::3]:443", in a virtual network "5/10.0.0.3:443". */
  readonly server: string
  /** A flow that was reported before: its facts may be news, itself it must not count again (decision 0010). */
  readonly isRepeat: boolean
  /** By which zones were looked at last, and the number of its own among them. */
  zones: Zones | null
  zone: number
  /** Another one for each place that was read. */
  readonly serial: number
}

let places = 0
let names = 0

export type PlaceRecord = Pick<FlowRecord, 'server_ip' | 'server_port' | 'vni' | 'increment'>

export function placeOf({ server_ip, server_port, vni = -1, increment = 0 }: PlaceRecord): Place {
  const host = server_ip.includes(':') ? `[${server_ip}]` : server_ip
  return {
    serverIp: server_ip,
    serverPort: server_port,
    server: `${vni < 0 ? '' : `${vni}/`}${host}:${server_port}`,
    isRepeat: increment > 0,
    zones: null,
    zone: -1,
    serial: ++places,
  }
}

/** A name that was asked for; many flows ask for the same one. */
export class ServerName {
  readonly serial = ++names
  readonly text: string
  readonly #lower: string
  #port = -1
  #identity = ''

  constructor(text: string) {
    this.text = text
    this.#lower = text.toLowerCase()
  }

  /** The service of this name. */
  identityAt(port: number): string {
    if (port !== this.#port) {
      this.#port = port
      this.#identity = `${this.#lower}:${port}`
    }
    return this.#identity
  }
}

/** What each flow has of its own. Texts and numbers are made when they are asked for. */
export interface FlowHead {
  readonly id: string
  /** 52 bits that stand for the id. */
  readonly idNumber: number
  /** It is not reported again. */
  readonly isLast: boolean
  readonly sensor: string
  /** µs since the epoch. */
  readonly firstUs: number
  readonly lastUs: number
  readonly bytesClient: number
  readonly bytesServer: number
  readonly visibility: string
  readonly transport: string
  readonly clientIp: string
  /** Of an IPv4 address, as a number; -1 = it is none. */
  readonly clientWord: number
}

export class Flow {
  readonly facts: Facts
  readonly place: Place
  readonly name: ServerName | null
  /** "prod -> lab"; '' = nobody has asked yet. */
  zonePair = ''
  /** Rules whose findings count this flow already, a bit each by their places in the table (`counted-flows.ts`). */
  countedLow = 0
  countedHigh = 0
  /** False = nobody has asked yet. */
  isCountedKnown = false
  readonly #head: FlowHead
  #id = ''
  #clientIp = ''

  constructor(head: FlowHead, place: Place, name: ServerName | null, facts: Facts) {
    this.facts = facts
    this.#head = head
    this.place = place
    this.name = name
  }

  get id(): string {
    if (this.#id === '') this.#id = this.#head.id
    return this.#id
  }

  get idNumber(): number {
    return this.#head.idNumber
  }

  get isLast(): boolean {
    return this.#head.isLast
  }

  get firstUs(): number {
    return this.#head.firstUs
  }

  get lastUs(): number {
    return this.#head.lastUs
  }

  get bytesClient(): number {
    return this.#head.bytesClient
  }

  get bytesServer(): number {
    return this.#head.bytesServer
  }

  get clientIp(): string {
    if (this.#clientIp === '') this.#clientIp = this.#head.clientIp
    return this.#clientIp
  }

  get clientWord(): number {
    return this.#head.clientWord
  }

  get sensor(): string {
    return this.#head.sensor
  }

  get visibility(): string {
    return this.#head.visibility
  }

  get transport(): string {
    return this.#head.transport
  }

  get server(): string {
    return this.place.server
  }

  get serverPort(): number {
    return this.place.serverPort
  }

  get isRepeat(): boolean {
    return this.place.isRepeat
  }

  get serverIp(): string {
    return this.place.serverIp
  }

  get serverName(): string | null {
    return this.name?.text ?? null
  }

  /** Who is reached: by the name asked for, else by the address. */
  get identity(): string {
    return this.name === null ? this.server : this.name.identityAt(this.serverPort)
  }
}

/** A flow of a record by itself. */
export function flowOf(record: FlowRecord): Flow {
  const head: FlowHead = {
    id: record.flow_id,
    idNumber: numberOfText(record.flow_id),
    // A record does not say so.
    isLast: false,
    sensor: record.sensor,
    firstUs: timeUs(record.first_seen),
    lastUs: timeUs(record.last_seen),
    bytesClient: record.bytes_client,
    bytesServer: record.bytes_server,
    visibility: record.visibility,
    transport: record.transport,
    clientIp: record.client_ip,
    // Whoever asks for the number asks for the text where there is none.
    clientWord: -1,
  }
  const name = record.server_name === undefined ? null : new ServerName(record.server_name)
  return new Flow(head, placeOf(record), name, new Facts(record))
}

/** Two texts of a hundred thousand have the same one in one case of a million. */
function numberOfText(text: string): number {
  let low = 0x811c9dc5
  let high = 0
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193)
    high = Math.imul(high ^ low, 0x85ebca6b) ^ (high >>> 15)
  }
  return (low >>> 0) * 0x10_0000 + (high >>> 12)
}

const MICROSECONDS = /\.(\d{6})Z$/

/** µs since the epoch of RFC 3339 text. */
export function timeUs(text: string): number {
  const us = Date.parse(text) * 1000
  const digits = MICROSECONDS.exec(text)?.[1]
  return digits === undefined ? us : us + Number(digits.slice(3))
}
