import { describe, expect, it } from 'vitest'
import { pace } from '../../src/probe/pace.ts'
import { probeList, refusalOf } from '../../src/probe/target.ts'

const refusal = (server_ip: string, allow: string[], deny: string[] = [], server_name = 'db.example') =>
  refusalOf(
    { server_ip, server_name, server_port: 443, protocol: 'tls' },
    { allow: probeList('--allow', allow), deny: probeList('--deny', deny) },
  )

it.each([
  { name: 'nothing is allowed', ip: '10.0.0.1', allow: [], want: 'not allowed' },
  { name: 'a range', ip: '10.0.0.1', allow: ['10.0.0.0/8'], want: null },
  { name: 'another range', ip: '11.0.0.1', allow: ['10.0.0.0/8'], want: 'not allowed' },
  { name: 'IPv6', ip: 'fd00::1', allow: ['fd00::/8'], want: null },
  { name: 'a name', ip: '10.0.0.1', allow: ['DB.example'], want: null },
  { name: 'names below', ip: '10.0.0.1', allow: ['*.example'], want: null },
  { name: 'no names that only end so', ip: '10.0.0.1', allow: ['*.b.example'], want: 'not allowed' },
  { name: 'denied by range', ip: '10.0.0.1', allow: ['10.0.0.0/8'], deny: ['10.0.0.1'], want: 'denied' },
  { name: 'denied by name', ip: '10.0.0.1', allow: ['10.0.0.0/8'], deny: ['*.example'], want: 'denied' },
  { name: 'everything', ip: '10.0.0.1', allow: ['0.0.0.0/0'], want: null },
  { name: 'what is no address', ip: 'x', allow: ['0.0.0.0/0', '::/0'], want: 'not allowed' },
])('$name', ({ ip, allow, deny, want }) => expect(refusal(ip, allow, deny)).toBe(want))

describe('special addresses', () => {
  it.each([
    '127.0.0.1',
    '169.254.169.254',
    '169.254.1.1',
    '::1',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '224.0.0.1',
  ])('%s is allowed by a range only', (ip) => {
    expect(refusal(ip, ['db.example'])).toBe('special address')
    expect(refusal(ip, ['0.0.0.0/0', '::/0'])).toBe('special address')
    expect(refusal(ip, [ip])).toBeNull()
  })
})

it('turns come at the rate, whoever asks', async () => {
  const turn = pace(50)
  const start = performance.now()
  await Promise.all(Array.from({ length: 11 }, turn))
  expect(performance.now() - start).toBeGreaterThanOrEqual(195)
})
