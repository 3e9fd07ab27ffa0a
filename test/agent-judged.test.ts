/** What is counted of judged flows: each once, its bytes as they come, in a bounded number of places. */
import { describe, expect, it } from 'vitest'
import { Agent } from '../src/agent.ts'
import { JudgedFlows, MAX_AGREEMENTS, MAX_CELLS, MAX_RULES, OTHER, told } from '../src/agent-judged.ts'
import { compilePolicies, loadPolicy } from '../src/classify/index.ts'
import { FlowFacts, TlsFacts } from '../src/core/facts.ts'
import { ZoneTable } from '../src/core/zones.ts'
import { Lifetime } from '../src/flow/lifetime.ts'
import { LineBuffer } from '../src/record/line-buffer.ts'
import { text } from './dissect/conversation.ts'
import { batchOf, type Frame, frameOf } from './frames.ts'

const START_US = Date.UTC(2026, 10, 24) * 1000
const STRONG = { verdict: 'strong', violations: [], tolerated: [], reason: null } as const
const totalOf = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0)

function agreed(version: number, cipherSuite: number, namedGroup = 29): FlowFacts {
  const facts = new FlowFacts()
  facts.tls = Object.assign(new TlsFacts(), { version, cipherSuite, namedGroup })
  return facts
}

describe('counts', () => {
  it('have room for so many zone pairs, agreements and rules, and lose none of the others', () => {
    const judged = new JudgedFlows()
    const flows = 2000
    for (let n = 0; n < flows; n++) {
      const place = judged.place(`a -> z${n}`, 'tls', 'strong')
      judged.note(place, agreed(0x0304, n), { ...STRONG, violations: [`pack/rule-${n}`] })
      judged.noteBytes(place, 10)
    }
    expect(judged.cells).toHaveLength(MAX_CELLS + 1)
    expect(judged.agreements).toHaveLength(MAX_AGREEMENTS + 1)
    expect([totalOf(judged.flows), totalOf(judged.bytes), totalOf(judged.handshakes)]).toEqual([
      flows,
      10 * flows,
      flows,
    ])
    const [first] = told(judged.cells, judged.flows)
    expect(first).toEqual({
      of: { zonePair: OTHER, protocol: OTHER },
      verdict: 'strong',
      count: flows - MAX_CELLS,
    })
    expect(judged.byRule.size).toBe(MAX_RULES + 1)
    expect(judged.byRule.get(`${OTHER}/${OTHER}`)).toBe(flows - MAX_RULES)
  })

  it('of several workers never shrink, whatever is at its cap', () => {
    const workers = [new JudgedFlows(), new JudgedFlows()]
    const sums = new JudgedFlows()
    const taken: (JudgedFlows | null)[] = [null, null]
    let before = new Float64Array(sums.flows.length)
    for (let round = 0; round < 8; round++) {
      for (const [n, worker] of workers.entries()) {
        for (let pair = 0; pair < 100; pair++) {
          const place = worker.place(`w${n} -> z${round * 100 + pair}`, 'http', 'plaintext')
          worker.note(place, null, STRONG)
        }
        // As it comes from a thread.
        const now = structuredClone(worker) as JudgedFlows
        sums.add(now, taken[n])
        taken[n] = now
      }
      expect(sums.flows.every((count, at) => count >= (before[at] as number))).toBe(true)
      before = sums.flows.slice()
    }
    expect(totalOf(sums.flows)).toBe(1600)
    expect(sums.cells).toHaveLength(MAX_CELLS + 1)
  })
})

describe('an agent', () => {
  const GET = text('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
  const OK = text('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')

  function watch(zones: ZoneTable | null): { agent: Agent; sees(...frames: Frame[]): void; lines: LineBuffer } {
    const lines = new LineBuffer(1 << 12)
    const lifetime = Object.assign(new Lifetime(), { activeUs: 60e6 })
    const judge = compilePolicies([loadPolicy('sec09-recommended')])
    const options = { sink: { lines }, sensor: 'test', policy: 'sec09-recommended', limits: { lifetime } }
    const agent = new Agent({ judge, zones, ...options })
    return { agent, lines, sees: (...frames) => agent.process(batchOf(frames), 'wire0') }
  }

  /** The client speaks at second `at`. */
  function spoken(at: number, payload: ArrayLike<number>, isServers: boolean, seq: number): Frame {
    const [client, server] = [
      ['10.1.0.1', 40000],
      ['10.2.0.1', 80],
    ] as const
    const [from, to] = isServers ? [server, client] : [client, server]
    const ends = { from: from[0], to: to[0], fromPort: from[1], toPort: to[1] }
    return frameOf({ ...ends, time: START_US + at * 1e6, seq, flags: 0x10, payload })
  }

  it('counts the bytes of a long flow whenever it is reported, each once, under its zones', () => {
    const zones = new ZoneTable([
      { name: 'lab', cidr: '10.1.0.0/16', vni: -1 },
      { name: 'prod', cidr: '10.2.0.0/16', vni: -1 },
    ])
    const { agent, sees } = watch(zones)
    const { judged } = agent.stats
    const bytes = () => [...told(judged.cells, judged.bytes)]
    sees(spoken(0, GET, false, 1), spoken(0.1, OK, true, 1))
    const chunk = new Uint8Array(500)
    let seq = 1 + OK.length
    for (let at = 10; at <= 200; at += 10, seq += chunk.length) sees(spoken(at, chunk, true, seq))
    const [so] = bytes()
    expect(so?.of).toEqual({ zonePair: 'lab -> prod', protocol: 'http' })
    expect(so?.verdict).toBe('plaintext')
    expect(so?.count).toBeGreaterThan(5000)
    expect(so?.count).toBeLessThan(GET.length + OK.length + 20 * 500)
    agent.finish()
    expect(bytes()).toEqual([{ ...so, count: GET.length + OK.length + 20 * 500 }])
    expect([...told(judged.cells, judged.flows)]).toEqual([{ ...so, count: 1 }])
  })

  it('without zones counts all under one', () => {
    const { agent, sees } = watch(null)
    sees(spoken(0, GET, false, 1), spoken(0.1, OK, true, 1))
    agent.finish()
    expect(agent.stats.judged.cells.slice(1)).toEqual([{ zonePair: '', protocol: 'http' }])
  })
})
