import type { Endpoint } from '../classify/index.ts'
import { asciiJson } from '../core/json.ts'
import { VISIBILITIES, type Visibility } from '../core/verdict.ts'
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP, TUNNEL_NAMES } from '../decode/packet-meta.ts'
import { HIGH, LOW, type Side } from '../flow/flow-flags.ts'
import { type FlowTable, KEY_WORDS } from '../flow/flow-table.ts'
import { FixedText } from './fixed-text.ts'
import * as mark from './flow-marks.ts'
import type { LineBuffer } from './line-buffer.ts'
import { putIpv6, putTime } from './put.ts'
import type { RowWriter } from './row.ts'

/** Lower-case keywords of IANA's protocol numbers; others are shown as "proto-N". */
const TRANSPORTS = new Map<number, string>([
  [PROTO_ICMP, 'icmp'],
  [2, 'igmp'],
  [PROTO_TCP, 'tcp'],
  [PROTO_UDP, 'udp'],
  [33, 'dccp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [PROTO_ICMPV6, 'icmpv6'],
  [59, 'ipv6-nonxt'],
  [88, 'eigrp'],
  [89, 'ospf'],
  [97, 'etherip'],
  [103, 'pim'],
  [112, 'vrrp'],
  [115, 'l2tp'],
  [PROTO_SCTP, 'sctp'],
  [135, 'mobility'],
  [136, 'udplite'],
  [139, 'hip'],
  [140, 'shim6'],
])

const TRANSPORT_NAMES = Array.from({ length: 256 }, (_, proto) => TRANSPORTS.get(proto) ?? `proto-${proto}`)

export const transportName = (proto: number): string => TRANSPORT_NAMES[proto] as string

/** IANA's number of a transport; -1 for a name that no record has. */
export const transportNumber = (name: string): number => TRANSPORT_NAMES.indexOf(name)

export const visibilityOf = (table: FlowTable, flow: number): Visibility =>
  VISIBILITIES[visibilityNumber(table, flow)] as Visibility

/** Its place in `VISIBILITIES`. */
function visibilityNumber(table: FlowTable, flow: number): number {
  const client = table.clientSide(flow)
  if (table.packetsOf(flow, client) === 0) return SERVER_ONLY
  return table.packetsOf(flow, client === LOW ? HIGH : LOW) === 0 ? CLIENT_ONLY : BOTH
}

/** Made when they are first asked for: a capture has a few of them. */
const transportTexts: FixedText[] = []
const transportText = (proto: number): FixedText => {
  transportTexts[proto] ??= new FixedText(transportName(proto))
  return transportTexts[proto]
}

/** The fixed part of a line is shorter than this; the pieces of the row make room for themselves. */
const MAX_FIXED_BYTES = 1024

/** Where records go. */
export interface LineSink {
  readonly lines: LineBuffer
  /** Where each line's marks go; left out = nowhere. */
  readonly marks?: mark.MarkBuffer | null
}

const FLOW_ID = new FixedText('{"flow_id":"')
const LAST_SEEN = new FixedText('","last_seen":"')
const TRANSPORT = new FixedText('","transport":"')
const CLIENT_IP = new FixedText('","client_ip":"')
const CLIENT_PORT = new FixedText('","client_port":')
const SERVER_IP = new FixedText(',"server_ip":"')
const SERVER_PORT = new FixedText('","server_port":')
const INCREMENT = new FixedText(',"increment":')
const VNI = new FixedText(',"vni":')
const VLAN = new FixedText(',"vlan":')
const PACKETS_CLIENT = new FixedText(',"packets_client":')
const PACKETS_SERVER = new FixedText(',"packets_server":')
const BYTES_CLIENT = new FixedText(',"bytes_client":')
const BYTES_SERVER = new FixedText(',"bytes_server":')
const RTT_US = new FixedText(',"rtt_us":')

/** Members that all flows of one source share: what stands between a flow's id and its first packet's time. */
export function flowHead(sensor: string, policy: string, source: string): FixedText {
  const [from, by, of] = [sensor, policy, source].map((text) => asciiJson(text))
  return new FixedText(`","sensor":${from},"policy":${by},"source":${of},"first_seen":"`)
}

/** Appends one flow record as one JSON line, in the vocabulary of docs/flow-record.md. */
export function writeFlow(
  sink: LineSink,
  table: FlowTable,
  flow: number,
  rows: RowWriter,
  head: FixedText,
  isLast: boolean,
): void {
  const { lines: out, marks = null } = sink
  const client = table.clientSide(flow)
  const ports = table.portsOf(flow)
  out.reserve(MAX_FIXED_BYTES + head.length)
  out.fixed(FLOW_ID)
  putFlowId(out, table, flow)
  out.fixed(head)
  putTime(out, table.firstSeenOf(flow))
  out.fixed(LAST_SEEN)
  putTime(out, table.lastSeenOf(flow))
  out.fixed(TRANSPORT)
  out.fixed(transportText(table.protoOf(flow)))
  out.fixed(CLIENT_IP)
  const clientAt = out.end
  putAddress(out, table, flow, client)
  const clientEnd = out.end
  out.fixed(CLIENT_PORT)
  out.number(client === LOW ? ports >>> 16 : ports & 0xffff)
  out.fixed(SERVER_IP)
  const serverAt = out.end
  putAddress(out, table, flow, 1 - client)
  out.fixed(SERVER_PORT)
  out.number(client === LOW ? ports & 0xffff : ports >>> 16)
  putContext(out, table, flow)
  const contextEnd = out.end
  putCounts(out, table, flow, client)
  const factsAt = out.end
  rows.write(out, table.row, flow)
  out.byte(0x7d)
  out.endLine()
  if (marks === null) return
  const line = marks.next()
  const { words } = marks
  const at = line * mark.MARK_WORDS
  words[at + mark.LINE_END] = out.end - 1
  words[at + mark.CLIENT_AT] = clientAt
  words[at + mark.CLIENT_END] = clientEnd
  words[at + mark.PLACE_AT] = serverAt - '"server_ip":"'.length
  words[at + mark.PLACE_END] = contextEnd
  words[at + mark.FACTS_AT] = factsAt
  words[at + mark.NAME_AT] = rows.nameAt
  words[at + mark.NAME_END] = rows.nameEnd
  words[at + mark.FACTS_END] = rows.factsEnd
  words[at + mark.IS_LAST] = isLast ? 1 : 0
  markFlow(marks, line, table, flow)
  rows.mark(marks, line, table.row, flow)
}

/** What the record says in words and numbers. */
function markFlow(marks: mark.MarkBuffer, line: number, table: FlowTable, flow: number): void {
  const { words, numbers } = marks
  const client = table.clientSide(flow)
  const ports = table.portsOf(flow)
  const at = line * mark.MARK_WORDS
  words[at + mark.VISIBILITY] = visibilityNumber(table, flow)
  words[at + mark.TRANSPORT] = table.protoOf(flow)
  words[at + mark.ID] = ID_WORDS[0] as number
  words[at + mark.ID + 1] = ID_WORDS[1] as number
  const from = flow * KEY_WORDS
  for (let i = 0; i < 4; i++) {
    words[at + mark.CLIENT_ADDRESS + i] = table.key[from + client * 4 + i] as number
    words[at + mark.SERVER_ADDRESS + i] = table.key[from + (1 - client) * 4 + i] as number
  }
  words[at + mark.IS_IPV4] = table.ipVersionOf(flow) === 4 ? 1 : 0
  words[at + mark.SERVER_PORT] = client === LOW ? ports & 0xffff : ports >>> 16
  words[at + mark.VNI] = table.vniOf(flow)
  words[at + mark.IS_REPEAT] = table.incrementOf(flow) > 0 ? 1 : 0
  const n = line * mark.MARK_NUMBERS
  numbers[n + mark.FIRST_US] = Math.floor(table.firstSeenOf(flow))
  numbers[n + mark.LAST_US] = Math.floor(table.lastSeenOf(flow))
  numbers[n + mark.BYTES_CLIENT] = table.bytesOf(flow, client)
  numbers[n + mark.BYTES_SERVER] = table.bytesOf(flow, client === LOW ? HIGH : LOW)
}

function putContext(out: LineBuffer, table: FlowTable, flow: number): void {
  const increment = table.incrementOf(flow)
  const vni = table.vniOf(flow)
  const vlan = table.vlanOf(flow)
  const tunnel = TUNNEL_NAMES[table.tunnelOf(flow)]
  if (increment > 0) putNumber(out, INCREMENT, increment)
  if (vni >= 0) putNumber(out, VNI, vni)
  if (vlan >= 0) putNumber(out, VLAN, vlan)
  if (tunnel !== null) out.text(`,"tunnel":"${tunnel}"`)
}

function putCounts(out: LineBuffer, table: FlowTable, flow: number, client: Side): void {
  const server = client === LOW ? HIGH : LOW
  const rtt = table.rttOf(flow)
  putNumber(out, PACKETS_CLIENT, table.packetsOf(flow, client))
  putNumber(out, PACKETS_SERVER, table.packetsOf(flow, server))
  putNumber(out, BYTES_CLIENT, table.bytesOf(flow, client))
  putNumber(out, BYTES_SERVER, table.bytesOf(flow, server))
  if (rtt > 0) putNumber(out, RTT_US, rtt)
  out.fixed(VISIBILITY_MEMBERS[visibilityNumber(table, flow)] as FixedText)
}

// By number: a name looked up in an object makes the compiler begin anew whenever another one comes.
const VISIBILITY_MEMBERS = VISIBILITIES.map((visibility) => new FixedText(`,"visibility":"${visibility}"`))
const BOTH = VISIBILITIES.indexOf('both')
const CLIENT_ONLY = VISIBILITIES.indexOf('client_only')
const SERVER_ONLY = VISIBILITIES.indexOf('server_only')

function putNumber(out: LineBuffer, name: FixedText, value: number): void {
  out.fixed(name)
  out.number(value)
}

function putAddress(out: LineBuffer, table: FlowTable, flow: number, side: number): void {
  const a = flow * KEY_WORDS + side * 4
  const address = table.key
  const w3 = address[a + 3] as number
  if (table.ipVersionOf(flow) === 4) out.ipv4(w3)
  else putIpv6(out, address[a] as number, address[a + 1] as number, address[a + 2] as number, w3)
}

/** Of the flow whose id was asked for last. */
const ID_WORDS = new Int32Array(4)

/** 128 bits over the flow's key and its first packet's time: the same flow of the same capture has the same id. */
function idWords(table: FlowTable, flow: number): void {
  // Kept to 32 bits at each step: what once was more is a double from there on.
  let h0 = 0x243f6a88
  let h1 = 0x85a308d3 | 0
  let h2 = 0x13198a2e
  let h3 = 0x03707344
  const first = table.firstSeenOf(flow)
  const high = Math.floor(first / 0x1_0000_0000)
  const words = table.key
  const a = flow * KEY_WORDS
  for (let i = 0; i < 12; i++) {
    let word: number
    if (i < 8) word = words[a + i] as number
    else if (i === 8) word = table.portsOf(flow)
    else if (i === 9) word = table.vniOf(flow) ^ (table.protoOf(flow) << 24)
    else if (i === 10) word = high | 0
    else word = (first - high * 0x1_0000_0000) | 0
    h0 = mix(h0 ^ word, 0x9e3779b1)
    h1 = mix((h1 + word) | 0, 0x85ebca6b) ^ h0
    h2 = (mix(h2 ^ Math.imul(word, 0xc2b2ae35), 0x27d4eb2f) + h1) | 0
    h3 = mix((h3 + Math.imul(word, 0x165667b1)) | 0, 0xc2b2ae3d) ^ h2
  }
  ID_WORDS[0] = h0
  ID_WORDS[1] = h1
  ID_WORDS[2] = h2
  ID_WORDS[3] = h3
}

function putFlowId(out: LineBuffer, table: FlowTable, flow: number): void {
  idWords(table, flow)
  for (let i = 0; i < 4; i++) out.hex32(ID_WORDS[i] as number)
}

const mix = (value: number, by: number): number => {
  const product = Math.imul(value ^ (value >>> 15), by)
  return product ^ (product >>> 13)
}

/** The server's end of a flow, for exemptions; one object is pointed at one flow after the other. */
export class FlowEndpoint implements Endpoint {
  flow = 0
  readonly #table: FlowTable

  constructor(table: FlowTable) {
    this.#table = table
  }

  serverWord(n: number): number {
    const side = 1 - this.#table.clientSide(this.flow)
    return this.#table.key[this.flow * KEY_WORDS + side * 4 + n] as number
  }

  get serverPort(): number {
    const ports = this.#table.portsOf(this.flow)
    return this.#table.clientSide(this.flow) === LOW ? ports & 0xffff : ports >>> 16
  }

  get transport(): string {
    return transportName(this.#table.protoOf(this.flow))
  }
}
