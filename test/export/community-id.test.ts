import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { communityId, communityIdOf, withCommunityIds } from '../../src/export/community-id.ts'
import type { FlowRecord } from '../../src/export/record.ts'
import { type Served, serveCaptures } from '../api/served.ts'
import { flow } from './made-records.ts'

/** The specification's own vectors, baseline/baseline_deflt.json; those of ICMP need type and code. */
const VECTORS = [
  {
    proto: 6,
    source: '2001:470:e5bf:dead:4957:2174:e82c:4887',
    destination: '2607:f8b0:400c:c03::1a',
    ports: [63943, 25],
    want: '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  },
  {
    proto: 6,
    source: '2607:f8b0:400c:c03::1a',
    destination: '2001:470:e5bf:dead:4957:2174:e82c:4887',
    ports: [25, 63943],
    want: '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  },
  {
    proto: 132,
    source: '192.168.170.8',
    destination: '192.168.170.56',
    ports: [7, 7],
    want: '1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=',
  },
  {
    proto: 132,
    source: '192.168.170.56',
    destination: '192.168.170.8',
    ports: [7, 7],
    want: '1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=',
  },
  {
    proto: 6,
    source: '128.232.110.120',
    destination: '66.35.250.204',
    ports: [34855, 80],
    want: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
  },
  {
    proto: 6,
    source: '66.35.250.204',
    destination: '128.232.110.120',
    ports: [80, 34855],
    want: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
  },
  {
    proto: 17,
    source: '192.168.1.52',
    destination: '8.8.8.8',
    ports: [54585, 53],
    want: '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
  },
  {
    proto: 17,
    source: '8.8.8.8',
    destination: '192.168.1.52',
    ports: [53, 54585],
    want: '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
  },
  { proto: 46, source: '10.1.12.1', destination: '10.1.12.2', ports: null, want: '1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=' },
  { proto: 46, source: '10.1.12.2', destination: '10.1.12.1', ports: null, want: '1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=' },
] as const

it.each(VECTORS)(
  'of $source to $destination, protocol $proto, is $want',
  ({ proto, source, destination, ports, want }) => expect(communityIdOf(proto, source, destination, ports)).toBe(want),
)

describe('of a record', () => {
  const ends = { client_ip: '66.35.250.204', client_port: 80, server_ip: '128.232.110.120', server_port: 34855 }
  it('is that of its ends and its transport', () => {
    expect(communityId(flow(ends))).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=')
    expect(communityId(flow({ ...ends, client_ip: '::ffff:66.35.250.204' }))).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=')
    expect(
      communityId({
        transport: 'proto-46',
        client_ip: '10.1.12.1',
        client_port: 0,
        server_ip: '10.1.12.2',
        server_port: 0,
      }),
    ).toBe('1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=')
  })

  it('orders two ports of one address', () => {
    const one = flow({ client_ip: '127.0.0.1', client_port: 9, server_ip: '127.0.0.1', server_port: 1000 })
    expect(communityId(one)).toBe(communityId({ ...one, client_port: 1000, server_port: 9 }))
  })

  it('is put at the end of its line, where it is asked for', () => {
    const [one, two] = [flow(ends), flow({ transport: 'icmp' })]
    const lines = Buffer.from(`${JSON.stringify(one)}\n${JSON.stringify(two)}\n`)
    const [first, second, rest] = withCommunityIds(lines).split('\n')
    expect(JSON.parse(first as string)).toEqual({ ...one, community_id: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=' })
    expect(JSON.parse(second as string)).toEqual(two)
    expect(rest).toBe('')
  })

  it.each(['icmp', 'icmpv6', 'carrier-pigeon'])('of %s is none', (transport) =>
    expect(communityId(flow({ transport }))).toBeUndefined(),
  )

  it('of an address that is none is none', () => expect(communityId(flow({ client_ip: 'x' }))).toBeUndefined())
})

describe('in the store', () => {
  let served: Served
  beforeAll(async () => {
    served = await serveCaptures()
  })
  afterAll(() => served.end())

  it('is the same for every flow of captures/', async () => {
    const rows = await served.store.select<FlowRecord>('flows', ALL_FLOWS)
    expect(rows.length).toBeGreaterThan(400)
    expect(new Set(rows.map(({ transport }) => transport)).size).toBeGreaterThan(4)
    for (const row of rows) expect(row['community_id'], row.transport).toBe(communityId(row) ?? null)
    expect(rows.filter(({ community_id: id }) => id === null).length).toBeLessThan(rows.length / 2)
  })
})

const ALL_FLOWS = {
  from: '1970-01-01T00:00:00.000000Z',
  to: '2262-01-01T00:00:00.000000Z',
  after_first_seen: '1970-01-01T00:00:00.000000Z',
  after_flow_id: '0'.repeat(32),
  verdicts: [],
  app_protocols: [],
  server_ips: [],
  server_ports: [],
  sensors: [],
  server_names: [],
  server_name_suffixes: [],
  limit: 100_000,
}
