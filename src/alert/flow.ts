/** A flow record as detectors look at it: what it has of its own, and facts that many flows share. */
import { Facts } from './facts.ts'
import type { FlowRecord } from './records.ts'
import type { Unit } from './unit.ts'
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

/** What flows share that go to the same place, for the same name, with the same facts: most flows repeat others. */
export class Shared {
  readonly place: Place
  readonly name: ServerName | null
  readonly facts: Facts
  /** What detectors know of such flows; null = not looked for. */
  unit: Unit | null = null

  constructor(place: Place, name: ServerName | null, facts: Facts) {
    this.place = place
    this.name = name
    this.facts = facts
  }
}

/** Texts of a flow, made when they are asked for: of few flows they are. */
export interface FlowTexts {
  readonly id: string
  readonly clientIp: string
}

/**
 * Borrowed: whoever reads many flows has one object for all of them, which `become`s the next one when all have looked. What
 * may be kept are its texts, facts, place and name.
 */
export class Flow {
  shared: Shared
  facts: Facts
  place: Place
  name: ServerName | null
  // What it has of its own. Fields, as nearly each of them is asked for by somebody.
  sensor = ''
  visibility = ''
  transport = ''
  /** µs since the epoch. */
  firstUs = 0
  lastUs = 0
  bytesClient = 0
  bytesServer = 0
  /** 52 bits that stand for the id. */
  idNumber = 0
  /** The client's address in four words, an IPv4 address in its mapped form (RFC 4291 §2.5.5.2); false = ask for its text. */
  hasClientWords = false
  client0 = 0
  client1 = 0
  client2 = 0
  client3 = 0
  /** It is not reported again. */
  isLast = false
  /** "prod -> lab"; '' = nobody has asked yet. */
  zonePair = ''
  /** Rules whose findings count this flow already, a bit each by their places in the table (`counted-flows.ts`). */
  countedLow = 0
  countedHigh = 0
  /** False = nobody has asked yet. */
  isCountedKnown = false
  readonly #texts: FlowTexts
  #id = ''
  #clientIp = ''

  constructor(texts: FlowTexts, shared: Shared) {
    this.#texts = texts
    this.shared = shared
    this.facts = shared.facts
    this.place = shared.place
    this.name = shared.name
  }

  /** Another flow, of which nobody has asked anything; its own must be set as well. */
  become(shared: Shared): void {
    this.shared = shared
    this.facts = shared.facts
    this.place = shared.place
    this.name = shared.name
    this.zonePair = ''
    this.countedLow = 0
    this.countedHigh = 0
    this.isCountedKnown = false
    this.#id = ''
    this.#clientIp = ''
  }

  get id(): string {
    if (this.#id === '') this.#id = this.#texts.id
    return this.#id
  }

  get clientIp(): string {
    if (this.#clientIp === '') this.#clientIp = this.#texts.clientIp
    return this.#clientIp
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

/** A flow of a record by itself. A record does not say whether it is the flow's last. */
export function flowOf(record: FlowRecord): Flow {
  const { flow_id, client_ip, server_name } = record
  const name = server_name === undefined ? null : new ServerName(server_name)
  const shared = new Shared(placeOf(record), name, new Facts(record))
  const flow = new Flow({ id: flow_id, clientIp: client_ip }, shared)
  flow.sensor = record.sensor
  flow.visibility = record.visibility
  flow.transport = record.transport
  flow.firstUs = timeUs(record.first_seen)
  flow.lastUs = timeUs(record.last_seen)
  flow.bytesClient = record.bytes_client
  flow.bytesServer = record.bytes_server
  flow.idNumber = numberOfText(flow_id)
  return flow
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
