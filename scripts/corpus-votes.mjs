/** Which flow each statement of a tool is about, and what the tools together expect of that flow. */
import { flowKey, ourNames, saysTls, statements } from './corpus-expectations.mjs'

/** tshark decides between others, and speaks for itself only when asked to: it dissects by port as well. */
const WITNESS = 'tshark'

/** Our flows by key, and the keys by capture. One 5-tuple can be several flows after one another. */
export function indexFlows(flows) {
  const byKey = new Map()
  const byCapture = new Map()
  for (const flow of flows) {
    const sha8 = flow.source.slice(0, 8)
    const key = flowKey(sha8, flow.transport, flow.client_ip, flow.client_port, flow.server_ip, flow.server_port)
    if (byKey.has(key)) byKey.get(key).push(flow)
    else byKey.set(key, [flow])
    if (!byCapture.has(sha8)) byCapture.set(sha8, new Map())
    byCapture.get(sha8).set(key, flow)
  }
  return { byKey, byCapture }
}

/** Per key what each tool calls the flow, in its own names; the statements that fit no flow are counted. */
export function collectVotes(corpus, { byCapture }, captures) {
  const votes = new Map()
  const homeless = {}
  for (const said of statements(corpus)) {
    if (said.names.length === 0 || !captures.has(said.sha8)) continue
    const keys = keysOf(said, byCapture.get(said.sha8) ?? new Map(), votes)
    if (keys.length === 0 && ourNames(said, said.transport).length > 0)
      homeless[said.tool] = (homeless[said.tool] ?? 0) + 1
    for (const key of keys) noteVote(votes, key, said)
  }
  return { votes, homeless }
}

function noteVote(votes, key, said) {
  if (!votes.has(key)) votes.set(key, new Map())
  const tools = votes.get(key)
  const vote = tools.get(said.tool) ?? { names: new Set(), cleartext: false, opensTunnel: false }
  for (const name of said.names) vote.names.add(name)
  vote.cleartext ||= said.cleartext === true
  vote.opensTunnel ||= said.opensTunnel === true
  tools.set(said.tool, vote)
}

/** The flows that a statement is about: where it leaves ends open and fits several, those that the witness calls the same. */
function keysOf(said, flows, votes) {
  const { sha8, transport, src, sport, dst, dport } = said
  const isWhole = ![transport, src, sport, dst, dport].some((part) => part === null || part === undefined)
  if (isWhole) return [flowKey(sha8, transport, src, sport, dst, dport)]
  const fitting = [...flows].filter(([, flow]) => fits(said, flow))
  if (fitting.length === 1) return [fitting[0][0]]
  const isConfirmed = ([key, flow]) => {
    const seen = votes.get(key)?.get(WITNESS)
    const names = seen === undefined ? [] : ourNames({ tool: WITNESS, names: [...seen.names] }, flow.transport)
    return ourNames(said, flow.transport).some((name) => names.includes(name))
  }
  return fitting.filter(isConfirmed).map(([key]) => key)
}

/** A statement that leaves ends open fits flows with payload, in either direction. */
function fits(said, flow) {
  if (flow.bytes_client + flow.bytes_server === 0 || !['tcp', 'udp'].includes(flow.transport)) return false
  if (said.transport !== null && said.transport !== flow.transport) return false
  if (ourNames(said, flow.transport).length === 0) return false
  const { client_ip: a, client_port: aPort, server_ip: b, server_port: bPort } = flow
  const open = (wanted, found) => wanted === undefined || wanted === null || String(wanted) === String(found)
  const runs = (from, fromPort, to, toPort) =>
    open(said.src, from) && open(said.sport, fromPort) && open(said.dst, to) && open(said.dport, toPort)
  return runs(a, aPort, b, bPort) || runs(b, bPort, a, aPort)
}

/**
 * What is expected of a flow: any of `names` is right, the first is the row it counts in. Without any, the tools disagree
 * and no two of them say the same. The witness makes a dispute, but does not win it alone. `said` = what each tool calls
 * the flow. Null where nobody speaks.
 */
export function expectationOf(tools, transport, withWitness) {
  const said = new Map()
  const tls = []
  for (const [tool, vote] of tools) {
    const statement = { tool, names: [...vote.names] }
    const ours = ourNames(statement, transport)
    if (ours.length > 0) said.set(tool, ours)
    if (transport === 'tcp' && saysTls(statement)) tls.push(tool)
  }
  const speaks = (tool) => withWitness || tool !== WITNESS
  const lists = withoutLayers([...said].filter(([tool]) => speaks(tool)).map(([, names]) => names))
  if (lists.length === 0) return null
  const common = lists[0].filter((name) => lists.every((list) => list.includes(name)))
  const all = [...said.values()]
  const majority = [...new Set(lists.flat())].filter((name) => all.filter((list) => list.includes(name)).length > 1)
  return {
    said,
    row: common[0] ?? majority[0] ?? lists[0][0],
    names: common.length > 0 ? common : majority,
    isDisputed: common.length === 0 || contradicts(said.get(WITNESS) ?? common, common),
    isTls: tls.some(speaks),
    isCleartext: tls.length === 0 && tools.get('ndpi')?.cleartext === true,
    sawTls: tls.length > 0,
    opensTunnel: [...tools.values()].some((vote) => vote.opensTunnel),
  }
}

/** Another protocol, not another layer of the same flow. */
const contradicts = (names, expected) =>
  !names.some((name) => expected.includes(name)) && !names.includes('tls') && !expected.includes('tls')

/** Who says just "tls" speaks of a layer, and does not contradict another that read what is above or before it. */
function withoutLayers(lists) {
  const above = lists.filter((list) => list.some((name) => name !== 'tls'))
  return above.length > 0 ? above : lists
}
