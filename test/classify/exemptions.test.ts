import { describe, expect, it } from 'vitest'
import { checkExemptions, compileExemptions, loadDefaultExemptions } from '../../src/classify/exemptions.ts'
import { addressRange } from '../../src/core/address.ts'

const ENTRY = { id: 'lab', owner: 'lab team', reason: 'isolated', expires: '2027-01-31' }
const endpoint = (serverIp: string, serverPort: number, transport: string) => ({
  serverWord: (n: number) => addressRange(serverIp)?.words[n] as number,
  serverPort,
  transport,
})

describe('an exemption', () => {
  const lab = checkExemptions([{ ...ENTRY, servers: ['10.9.0.0/16', 'fd00:9::/32'], ports: [80] }], 'x.json')
  it.each([
    { name: 'covers its range and port', at: endpoint('10.9.1.1', 80, 'tcp'), day: '2027-01-31', want: true },
    { name: 'covers IPv6', at: endpoint('fd00:9::1', 80, 'tcp'), day: '2027-01-31', want: true },
    { name: 'covers all of IPv6 range', at: endpoint('fd00:9:ffff::', 80, 'tcp'), day: '2027-01-31', want: true },
    { name: 'covers nothing beside it', at: endpoint('fd00:a::1', 80, 'tcp'), day: '2027-01-31', want: false },
    { name: 'covers no other port', at: endpoint('10.9.1.1', 81, 'tcp'), day: '2027-01-31', want: false },
    { name: 'covers no other address', at: endpoint('10.8.1.1', 80, 'tcp'), day: '2027-01-31', want: false },
    { name: 'ends with its last day', at: endpoint('10.9.1.1', 80, 'tcp'), day: '2027-02-01', want: false },
  ])('$name', ({ at, day, want }) => expect(compileExemptions(lab, day)(at)).toBe(want))

  it.each([
    { name: 'without an end', json: [{ ...ENTRY, expires: undefined, ports: [80] }], at: '[0].expires' },
    { name: 'without an owner', json: [{ ...ENTRY, owner: '', ports: [80] }], at: '[0].owner' },
    { name: 'for everything', json: [ENTRY], at: 'exempts everything' },
    { name: 'with a strange key', json: [{ ...ENTRY, port: 80 }], at: 'unknown key "port"' },
    { name: 'with a range that is none', json: [{ ...ENTRY, servers: ['10.0.0.0/33'] }], at: '[0].servers[0]' },
    { name: 'with a name for an address', json: [{ ...ENTRY, servers: ['lab.example'] }], at: '[0].servers[0]' },
  ])('$name is refused', ({ json, at }) => expect(() => checkExemptions(json, 'x.json')).toThrow(at))
})

describe('the exemptions shipped', () => {
  const isExempt = compileExemptions(loadDefaultExemptions(), '2026-11-24')
  it.each([
    { name: 'instance metadata', at: endpoint('169.254.169.254', 80, 'tcp'), want: true },
    { name: 'its IPv6 address', at: endpoint('fd00:ec2::254', 80, 'tcp'), want: true },
    { name: 'ICMP', at: endpoint('10.0.0.1', 0, 'icmp'), want: true },
    { name: 'not the rest of link-local', at: endpoint('169.254.1.1', 80, 'tcp'), want: false },
    { name: 'not loopback', at: endpoint('127.0.0.1', 80, 'tcp'), want: false },
  ])('$name', ({ at, want }) => expect(isExempt(at)).toBe(want))
})
