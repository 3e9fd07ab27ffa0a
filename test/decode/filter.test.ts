import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../src/core/errors.ts'
import { compileFilter } from '../../src/decode/filter.ts'
import { PacketMeta } from '../../src/decode/packet-meta.ts'

/** 10.0.0.1:50000 to 10.0.0.2:443, over TCP. */
function packet(changes: Partial<PacketMeta> = {}): PacketMeta {
  const m = new PacketMeta()
  Object.assign(m, { ipVersion: 4, proto: 6, srcPort: 50_000, dstPort: 443 })
  Object.assign(m, { src2: 0xffff, src3: 0x0a000001, dst2: 0xffff, dst3: 0x0a000002 })
  return Object.assign(m, changes)
}

/** 2001:db8::1 to 2001:db8::2. */
const V6 = {
  ipVersion: 6,
  ...{ src0: 0x20010db8, src1: 0, src2: 0, src3: 1 },
  ...{ dst0: 0x20010db8, dst1: 0, dst2: 0, dst3: 2 },
}

const matches = (expression: string, changes?: Partial<PacketMeta>): boolean =>
  compileFilter(expression)(packet(changes))

describe('primitives', () => {
  const PROTOCOLS = [
    { name: 'tcp', proto: 6 },
    { name: 'udp', proto: 17 },
    { name: 'sctp', proto: 132 },
    { name: 'icmp', proto: 1 },
    { name: 'icmp6', proto: 58 },
  ]
  it.each(PROTOCOLS)('$name is one protocol and no other', ({ name, proto }) => {
    for (const other of PROTOCOLS) expect(matches(name, { proto: other.proto })).toBe(other.proto === proto)
  })

  it.each([
    { expression: 'ip', v4: true, v6: false },
    { expression: 'ip6', v4: false, v6: true },
  ])('$expression is the IP version', ({ expression, v4, v6 }) =>
    expect([matches(expression), matches(expression, V6)]).toEqual([v4, v6]),
  )

  it.each([
    { expression: 'host 10.0.0.1', want: true },
    { expression: 'host 10.0.0.2', want: true },
    { expression: 'host 10.0.0.3', want: false },
    { expression: 'src host 10.0.0.1', want: true },
    { expression: 'src host 10.0.0.2', want: false },
    { expression: 'dst host 10.0.0.2', want: true },
    { expression: 'dst host 10.0.0.1', want: false },
    { expression: 'net 10.0.0.0/8', want: true },
    { expression: 'net 10.0.0.2/32', want: true },
    { expression: 'net 10.0.0.0/31', want: true },
    { expression: 'net 10.0.0.4/30', want: false },
    { expression: 'src net 10.0.0.0/31', want: true },
    { expression: 'dst net 10.0.0.0/31', want: false },
    { expression: 'net 0.0.0.0/0', want: true },
    { expression: 'net 10.0.0.1', want: true },
    { expression: 'host ::ffff:10.0.0.1', want: true },
    { expression: 'host 2001:db8::1', want: false },
    { expression: 'port 443', want: true },
    { expression: 'port 50000', want: true },
    { expression: 'port 80', want: false },
    { expression: 'src port 443', want: false },
    { expression: 'dst port 443', want: true },
    { expression: 'portrange 440-449', want: true },
    { expression: 'portrange 443-443', want: true },
    { expression: 'portrange 444-49999', want: false },
    { expression: 'src portrange 40000-65535', want: true },
    { expression: 'dst portrange 40000-65535', want: false },
  ])('$expression is $want', ({ expression, want }) => expect(matches(expression)).toBe(want))

  it.each([
    { expression: 'host 2001:db8::1', want: true },
    { expression: 'host 2001:DB8:0:0:0:0:0:1', want: true },
    { expression: 'dst host 2001:db8::1', want: false },
    { expression: 'net 2001:db8::/32', want: true },
    { expression: 'net 2001:db9::/32', want: false },
    { expression: 'src net 2001:db8::/127', want: true },
    { expression: 'net 0.0.0.0/0', want: false },
    { expression: 'net ::/0', want: true },
  ])('over IPv6, $expression is $want', ({ expression, want }) => expect(matches(expression, V6)).toBe(want))

  it('is not fooled by a port 0 of a protocol without ports', () => {
    const icmp = { proto: 1, srcPort: 0, dstPort: 0 }
    expect([matches('port 0', icmp), matches('portrange 0-10', icmp)]).toEqual([false, false])
  })

  it.each([
    { expression: 'vlan', vlan: -1, want: false },
    { expression: 'vlan', vlan: 0, want: true },
    { expression: 'vlan', vlan: 7, want: true },
    { expression: 'vlan 7', vlan: 7, want: true },
    { expression: 'vlan 7', vlan: 8, want: false },
    { expression: 'vlan and tcp', vlan: 7, want: true },
    { expression: 'not vlan', vlan: -1, want: true },
  ])('$expression with tag $vlan is $want', ({ expression, vlan, want }) =>
    expect(matches(expression, { vlan })).toBe(want),
  )

  it.each([
    { expression: 'vni 5001', vni: 5001, want: true },
    { expression: 'vni 5001', vni: 5002, want: false },
    { expression: 'vni 0', vni: -1, want: false },
  ])('$expression with identifier $vni is $want', ({ expression, vni, want }) =>
    expect(matches(expression, { vni })).toBe(want),
  )
})

describe('operators', () => {
  // Of the packet, tcp and ip hold; udp and ip6 do not.
  it.each([
    { expression: 'tcp or udp and udp', want: false },
    { expression: 'tcp or (udp and udp)', want: true },
    { expression: '(tcp or udp) and udp', want: false },
    { expression: 'udp and udp or tcp', want: true },
    { expression: 'udp and (udp or tcp)', want: false },
    { expression: 'not udp or tcp', want: true },
    { expression: 'not (udp or tcp)', want: false },
    { expression: 'not tcp and udp', want: false },
    { expression: 'not (tcp and udp)', want: true },
    { expression: 'not not tcp', want: true },
    { expression: '!udp', want: true },
    { expression: '!(tcp)', want: false },
    { expression: 'tcp && !udp', want: true },
    { expression: 'udp || tcp', want: true },
    { expression: 'tcp||udp&&ip6', want: false },
    { expression: 'udp&&ip6||tcp', want: true },
    { expression: '((tcp))', want: true },
    { expression: '  tcp\tand\nip  ', want: true },
    { expression: 'tcp and not net 192.168.0.0/16 and (port 443 or port 8443)', want: true },
  ])('$expression is $want', ({ expression, want }) => expect(matches(expression)).toBe(want))
})

describe('mistakes', () => {
  it.each([
    { name: 'nothing', expression: '' },
    { name: 'blanks', expression: '  ' },
    { name: 'an unknown word', expression: 'http' },
    { name: 'capitals', expression: 'TCP' },
    { name: 'a word that every object has', expression: 'constructor' },
    { name: 'another word that every object has', expression: 'not toString' },
    { name: 'two primitives in a row', expression: 'tcp port 80' },
    { name: 'an operator without a left side', expression: 'and tcp' },
    { name: 'an operator without a right side', expression: 'tcp or' },
    { name: 'not without anything', expression: 'not' },
    { name: 'an unclosed parenthesis', expression: '(tcp' },
    { name: 'an unopened parenthesis', expression: 'tcp)' },
    { name: 'empty parentheses', expression: '()' },
    { name: 'a single ampersand', expression: 'tcp & udp' },
    { name: 'a single bar at the end', expression: 'tcp |' },
    { name: 'a single ampersand before a word', expression: '&tcp' },
    { name: 'a host without address', expression: 'host' },
    { name: 'a host with a name', expression: 'host example.com' },
    { name: 'a host with a prefix', expression: 'host 10.0.0.0/8' },
    { name: 'a net with a prefix of 33', expression: 'net 10.0.0.0/33' },
    { name: 'a net with an empty prefix', expression: 'net 10.0.0.0/' },
    { name: 'a net with a mask', expression: 'net 10.0.0.0/255.0.0.0' },
    { name: 'a direction without kind', expression: 'src' },
    { name: 'a direction of a protocol', expression: 'dst tcp' },
    { name: 'a port by name', expression: 'port https' },
    { name: 'a port above 65535', expression: 'port 65536' },
    { name: 'a negative port', expression: 'port -1' },
    { name: 'a port in hexadecimal', expression: 'port 0x50' },
    { name: 'a portrange with one end', expression: 'portrange 80' },
    { name: 'a portrange without its start', expression: 'portrange -80' },
    { name: 'a portrange above 65535', expression: 'portrange 80-65536' },
    { name: 'a portrange backwards', expression: 'portrange 90-80' },
    { name: 'a VLAN above 4095', expression: 'vlan 4096' },
    { name: 'a VLAN with a sign', expression: 'vlan -1' },
    { name: 'a vni without number', expression: 'vni' },
    { name: 'a vni above 32 bits', expression: 'vni 4294967296' },
  ])('$name is ERR_FILTER', ({ expression }) => {
    const compile = (): unknown => compileFilter(expression)
    expect(compile).toThrow(OperatorError)
    expect(compile).toThrow(expect.objectContaining({ code: 'ERR_FILTER', exitStatus: 2 }))
  })

  it('takes long lists of hosts, in their order', () => {
    const hosts = Array.from({ length: 5000 }, (_, n) => `host 10.1.${n >> 8}.${n & 255}`).join(' or ')
    expect(matches(hosts)).toBe(false)
    expect(matches(`${hosts} or host 10.0.0.2`)).toBe(true)
    expect(matches(hosts.replaceAll('host', 'not host').replaceAll(' or ', ' and '))).toBe(true)
  })

  it.each([
    { expression: 'tcp and http', names: 'http' },
    { expression: 'tcp udp', names: 'udp' },
    { expression: 'port 70000', names: '70000' },
    { expression: 'host nobody', names: 'nobody' },
  ])('the message for $expression names "$names"', ({ expression, names }) =>
    expect(() => compileFilter(expression)).toThrow(names),
  )
})
