import { describe, expect, it } from 'vitest'
import { addressRange } from '../../src/core/address.ts'
import { parseFilter } from '../../src/core/filter-expression.ts'

const tcp = { kind: 'protocol', protocol: 6 }
const udp = { kind: 'protocol', protocol: 17 }
const ip = { kind: 'version', version: 4 }

describe('a filter expression', () => {
  it.each([
    { text: 'ip6', tree: { kind: 'version', version: 6 } },
    { text: 'port 443', tree: { kind: 'port', end: 'either', low: 443, high: 443 } },
    { text: 'src portrange 1-9', tree: { kind: 'port', end: 'src', low: 1, high: 9 } },
    { text: 'dst host ::1', tree: { kind: 'address', end: 'dst', range: addressRange('::1') } },
    { text: 'net 10.0.0.0/8', tree: { kind: 'address', end: 'either', range: addressRange('10.0.0.0/8') } },
    { text: 'vlan', tree: { kind: 'vlan', id: null } },
    { text: 'vlan 7 and tcp', tree: { kind: 'and', of: [{ kind: 'vlan', id: 7 }, tcp] } },
    { text: 'vlan and tcp', tree: { kind: 'and', of: [{ kind: 'vlan', id: null }, tcp] } },
    { text: 'vni 16777215', tree: { kind: 'vni', vni: 16_777_215 } },
    { text: '!!tcp', tree: { kind: 'not', of: { kind: 'not', of: tcp } } },
    { text: '((tcp))', tree: tcp },
    { text: 'ip or tcp and udp', tree: { kind: 'and', of: [{ kind: 'or', of: [ip, tcp] }, udp] } },
    { text: 'ip or (tcp and udp)', tree: { kind: 'or', of: [ip, { kind: 'and', of: [tcp, udp] }] } },
    { text: '(ip||tcp)&&udp', tree: { kind: 'and', of: [{ kind: 'or', of: [ip, tcp] }, udp] } },
    { text: 'not ip and tcp', tree: { kind: 'and', of: [{ kind: 'not', of: ip }, tcp] } },
    { text: 'ip or tcp or udp', tree: { kind: 'or', of: [ip, tcp, udp] } },
  ])('reads $text', ({ text, tree }) => {
    expect(parseFilter(text)).toEqual(tree)
  })

  it.each([
    { text: '', says: 'the filter ends too early' },
    { text: 'tcp and', says: 'the filter ends too early' },
    { text: 'tcp udp', says: 'the filter does not understand "udp"' },
    { text: '(tcp', says: 'the filter has an unclosed "("' },
    { text: 'tcp)', says: 'the filter does not understand ")"' },
    { text: 'gibberish', says: 'the filter does not know "gibberish"' },
    { text: 'constructor', says: 'the filter does not know "constructor"' },
    { text: 'src tcp', says: 'the filter does not know "tcp"' },
    { text: 'port 65536', says: 'port wants a number up to 65535, not "65536"' },
    { text: 'port -1', says: 'port wants a number up to 65535, not "-1"' },
    { text: 'vlan 4096', says: 'vlan wants a number up to 4095, not "4096"' },
    { text: 'portrange 80', says: 'portrange wants two ports, as 8000-8999, not "80"' },
    { text: 'host 10.0.0.0/8', says: '"10.0.0.0/8" is not an address' },
    { text: 'net 10.0.0.0/33', says: '"10.0.0.0/33" is not an address or CIDR range' },
  ])('refuses "$text" with ERR_FILTER and a fix', ({ text, says }) => {
    expect(() => parseFilter(text)).toThrow(
      expect.objectContaining({ code: 'ERR_FILTER', message: says, fix: expect.stringContaining('tcp and not') }),
    )
  })

  it.each([
    { name: 'brackets', text: `${'('.repeat(10_000)}tcp`, says: 'brackets or "not" more than 100 deep' },
    { name: 'not', text: `${'not '.repeat(10_000)}tcp`, says: 'brackets or "not" more than 100 deep' },
    { name: 'and, or in turn', text: `${'ip and tcp or '.repeat(2000)}udp`, says: 'too many "and" and "or" in turn' },
    { name: 'words', text: `${'tcp or '.repeat(20_000)}udp`, says: 'more than 20000 words' },
  ])('refuses too much of it: $name', ({ text, says }) => {
    expect(() => parseFilter(text)).toThrow(
      expect.objectContaining({ code: 'ERR_FILTER', message: `the filter has ${says}` }),
    )
  })

  it('reads brackets side by side, however many', () => {
    const pair = '(not src host 10.0.0.1 and dst port 443)'
    expect(parseFilter(Array(1500).fill(pair).join(' or '))).toMatchObject({ kind: 'or', of: { length: 1500 } })
  })
})
