/** Datagrams to the port of a tunnel that are none: they stay the ordinary conversation they look like. */
import { describe, expect, it } from 'vitest'
import { type Bytes, hex, u16be } from '../wire/tls-bytes.ts'
import {
  CAPWAP_MAC,
  CAPWAP_NATIVE,
  capwap,
  FRAME,
  inUdp,
  l2tp,
  lisp,
  macsec,
  nsh,
  OUTER_SRC,
  outer,
  PPP,
  SESSION,
  TEREDO_AUTHENTICATION,
  TEREDO_PACKET,
  vxlanGpe,
  wifi,
} from './encapsulations.ts'
import { DATA, decode, ethernet, IPV4, IPV6, ipv4, ipv6, PACKET, PACKET6, tcp } from './frames.ts'

/** RFC 5415 §4.2: a preamble, then a record of DTLS. */
const CAPWAP_DTLS = [...hex('01000000 16fefd 0000 000000000000 0004'), ...DATA]

/** What the outer datagram to `port` looks like when it is taken for no tunnel. */
const plain = (port: number, payload: Bytes) => ({
  status: 'decoded',
  src: OUTER_SRC,
  proto: 17,
  ports: [61_000, port],
  payload,
  tunnel: null,
  tunnels: 0,
  vni: -1,
})

/** The packet's total length says one byte more than there is; the other way round a trailer would do. */
const LONG = [...PACKET.slice(0, 2), ...u16be(PACKET.length + 1), ...PACKET.slice(4)]
const SHORT_HEADER = [0x44, ...PACKET.slice(1)]
const VERSION_5 = [0x55, ...PACKET.slice(1)]
const OTHER_TYPE = ethernet(0x0806, PACKET)
const WRONG_VERSION = ethernet(IPV6, PACKET)

describe.each([
  { name: 'VXLAN-GPE', port: 4790, wrap: (inner: Bytes) => vxlanGpe(1, inner) },
  { name: 'LISP', port: 4341, wrap: (inner: Bytes) => lisp(inner) },
  { name: 'L2TP', port: 1701, wrap: (inner: Bytes) => l2tp(2, SESSION, [0, 0x21, ...inner]) },
  { name: 'GTP-U', port: 2152, wrap: (inner: Bytes) => [0x30, 0xff, ...u16be(inner.length), 0, 0, 0, 1, ...inner] },
  { name: 'CAPWAP', port: 5247, wrap: (inner: Bytes) => capwap(ethernet(IPV4, inner)) },
  {
    name: 'CAPWAP of 802.11',
    port: 5247,
    wrap: (inner: Bytes) => capwap(wifi('0801', inner), { flags: CAPWAP_NATIVE }),
  },
])('$name is not seen', ({ port, wrap }) => {
  it.each([
    { why: 'around a packet longer than the datagram', inner: LONG },
    { why: 'around a header shorter than headers are', inner: SHORT_HEADER },
    { why: 'around another version of IP', inner: VERSION_5 },
    { why: 'around a stub', inner: PACKET.slice(0, 19) },
    { why: 'around nothing', inner: [] },
  ])('$why', ({ inner }) => expect(decode(inUdp(port, wrap(inner)))).toMatchObject(plain(port, wrap(inner))))

  it('when the inner header was not captured', () => {
    const frame = inUdp(port, wrap(PACKET))
    const missing = tcp(DATA).length + 2
    expect(decode(frame.slice(0, -missing), 1, frame.length)).toMatchObject({
      ...plain(port, wrap(PACKET).slice(0, -missing)),
      missing,
    })
  })
})

describe('a datagram is the payload', () => {
  it.each([
    { name: 'VXLAN-GPE of another version', port: 4790, payload: vxlanGpe(1, PACKET, 0x1c) },
    { name: 'VXLAN-GPE for its operators', port: 4790, payload: vxlanGpe(1, PACKET, 0x0d) },
    { name: 'VXLAN-GPE without an identifier', port: 4790, payload: vxlanGpe(1, PACKET, 0x04) },
    { name: 'VXLAN-GPE with what should be zero', port: 4790, payload: [0x0c, 0, 1, 1, 0, 0, 7, 0, ...PACKET] },
    { name: 'VXLAN-GPE around nobody knows what', port: 4790, payload: vxlanGpe(0x7f, PACKET) },
    { name: 'VXLAN-GPE around NSH without its flag', port: 4790, payload: vxlanGpe(4, nsh(1, PACKET), 0x08) },
    { name: 'VXLAN-GPE around a frame of another type', port: 4790, payload: vxlanGpe(3, OTHER_TYPE) },
    { name: 'VXLAN-GPE around a frame that contradicts itself', port: 4790, payload: vxlanGpe(3, WRONG_VERSION) },
    { name: 'less than its header', port: 4790, payload: hex('0c000001 000007') },
    // RFC 8061: a key identifier says that the packet is encrypted.
    { name: 'LISP with a key', port: 4341, payload: lisp(PACKET, 0x81) },
    { name: 'LISP with a reserved flag', port: 4341, payload: lisp(PACKET, 0x04) },
    { name: 'LISP with nonce and map version', port: 4341, payload: lisp(PACKET, 0x90) },
    { name: 'LISP that asks for an echo of no nonce', port: 4341, payload: lisp(PACKET, 0x20) },
    { name: 'Teredo without a Teredo address', port: 3544, payload: PACKET6 },
    { name: 'Teredo around IPv4', port: 3544, payload: PACKET },
    { name: 'Teredo with authentication past its end', port: 3544, payload: hex('0001 ffff 0000') },
    { name: 'Teredo with authentication and nothing', port: 3544, payload: TEREDO_AUTHENTICATION },
    { name: 'Teredo longer than the datagram', port: 3544, payload: TEREDO_PACKET.slice(0, -1) },
    { name: 'L2TP for control', port: 1701, payload: l2tp(0xc802, [0, 12, ...SESSION, 0, 0, 0, 0], []) },
    { name: 'L2TP with a wrong length', port: 1701, payload: l2tp(0x4002, [0, 99, ...SESSION], PPP) },
    { name: 'L2TP with a reserved flag', port: 1701, payload: l2tp(0x1002, SESSION, PPP) },
    { name: 'L2TP of version 1', port: 1701, payload: l2tp(0x0001, SESSION, PPP) },
    { name: 'L2TP with an offset past its end', port: 1701, payload: l2tp(0x0202, [...SESSION, 0xff, 0xff], PPP) },
    { name: 'L2TP around LCP', port: 1701, payload: l2tp(2, SESSION, hex('ff03 c021 01010004')) },
    // RFC 3078: MPPE, and what CCP compresses, is PPP protocol 0x00fd.
    { name: 'L2TP around MPPE', port: 1701, payload: l2tp(2, SESSION, [...hex('ff03 00fd 9001'), ...PACKET]) },
    { name: 'L2TP around IPv6 that says IPv4', port: 1701, payload: l2tp(2, SESSION, [0, 0x21, ...PACKET6]) },
    { name: 'L2TP version 3 for control', port: 1701, payload: [...hex('0003 0000 00000000'), ...FRAME] },
    { name: 'L2TP version 3 around no frame', port: 1701, payload: [...hex('0003 0000 00000007'), ...PACKET] },
    { name: 'CAPWAP in less than a record of DTLS', port: 5247, payload: CAPWAP_DTLS.slice(0, 16) },
    { name: 'CAPWAP in DTLS with a reserved bit', port: 5246, payload: CAPWAP_DTLS.with(3, 1) },
    { name: 'CAPWAP in DTLS of a type that no record has', port: 5246, payload: CAPWAP_DTLS.with(4, 0x1a) },
    { name: 'CAPWAP in TLS', port: 5246, payload: CAPWAP_DTLS.with(5, 3) },
    { name: 'CAPWAP for control', port: 5246, payload: capwap(FRAME) },
    { name: 'CAPWAP of a later version', port: 5247, payload: [0x10, ...capwap(FRAME).slice(1)] },
    { name: 'CAPWAP in fragments', port: 5247, payload: capwap(FRAME, { flags: 0x80 }) },
    { name: "CAPWAP's keep-alive", port: 5247, payload: capwap(FRAME, { flags: 0x08 }) },
    { name: 'CAPWAP with a reserved flag', port: 5247, payload: capwap(FRAME, { flags: 0x01 }) },
    { name: 'CAPWAP whose header is longer than its fields', port: 5247, payload: capwap(FRAME, { words: 3 }) },
    { name: 'CAPWAP whose fields are longer than its header', port: 5247, payload: capwap(FRAME, { flags: 0x10 }) },
    { name: 'CAPWAP with fields past its end', port: 5247, payload: capwap([], { flags: 0x30, fields: CAPWAP_MAC }) },
    {
      name: 'CAPWAP of another radio',
      port: 5247,
      payload: capwap(wifi('0801'), { flags: CAPWAP_NATIVE, binding: 3 }),
    },
    { name: 'CAPWAP of a closed frame', port: 5247, payload: capwap(wifi('0841'), { flags: CAPWAP_NATIVE }) },
    { name: 'CAPWAP of a beacon', port: 5247, payload: capwap(wifi('8000'), { flags: CAPWAP_NATIVE }) },
    { name: 'CAPWAP of AppleTalk', port: 5247, payload: capwap(wifi('0801', PACKET, 0x809b), { flags: 0x100 }) },
    { name: 'GTP-U longer than the datagram', port: 2152, payload: [...hex('30ff 0010 00000001'), ...LONG] },
  ])('of $name', ({ port, payload }) => expect(decode(inUdp(port, payload))).toMatchObject(plain(port, payload)))
})

describe('CAPWAP in DTLS', () => {
  it.each([5246, 5247])('to port %i is DTLS, and known to be in CAPWAP', (port) => {
    const payload = CAPWAP_DTLS.slice(4)
    expect(decode(inUdp(port, CAPWAP_DTLS))).toMatchObject({ ...plain(port, payload), tunnel: 'capwap' })
  })
})

describe('not a tunnel in IP', () => {
  it.each([
    { name: 'EtherIP of another version', frame: outer(97, [0x04, 0, ...FRAME]), proto: 97 },
    { name: 'EtherIP with what should be zero', frame: outer(97, [0x03, 1, ...FRAME]), proto: 97 },
    { name: 'L2TP version 3 for control', frame: outer(115, [...hex('00000000'), ...FRAME]), proto: 115 },
    { name: 'L2TP version 3 around PPP', frame: outer(115, [...hex('00000007'), ...PPP]), proto: 115 },
    { name: 'ESP', frame: outer(50, hex('00000001 00000001 aabbccdd')), proto: 50 },
  ])('$name is the outer conversation', ({ frame, proto }) =>
    expect(decode(frame)).toMatchObject({ status: 'decoded', src: OUTER_SRC, proto, ports: [0, 0] }),
  )

  it('an EtherIP header cut off is truncated', () => expect(decode(outer(97, [3])).status).toBe('truncated'))
})

describe('MACsec', () => {
  const CLEAR = [...u16be(IPV4), ...PACKET]

  it.each([
    { name: 'that encrypts', frame: macsec(0x0c, 0, '', CLEAR) },
    { name: 'that encrypts, with an identifier', frame: macsec(0x2c, 0, '0200000000020001', CLEAR) },
    { name: 'that changes the text', frame: macsec(0x04, 0, '', CLEAR) },
    { name: 'of a key agreement', frame: macsec(0x08, 0, '', CLEAR) },
  ])('$name is closed, and counted as what it is', ({ frame }) =>
    expect(decode(frame)).toMatchObject({ status: 'link_only', stoppedAt: 0x88e5 }),
  )

  it.each([
    { name: 'another version', frame: macsec(0x80, 0, '', CLEAR) },
    { name: 'an identifier that is there and implied', frame: macsec(0x60, 0, '0200000000020001', CLEAR) },
    { name: 'a short length that is not short', frame: macsec(0, 48, '', CLEAR) },
  ])('with $name is not seen', ({ frame }) =>
    expect(decode(frame)).toMatchObject({ status: 'not_ip', stoppedAt: 0x88e5 }),
  )

  it.each([
    { name: 'its tag', frame: macsec(0, 0, '', CLEAR).slice(0, 19) },
    { name: 'its identifier', frame: macsec(0x20, 0, '0200000000020001', CLEAR).slice(0, 27) },
  ])('cut off inside $name is truncated', ({ frame }) => expect(decode(frame).status).toBe('truncated'))

  it('closed inside of a tunnel leaves the outer conversation', () =>
    expect(decode(inUdp(4789, [8, 0, 0, 0, 0, 0, 7, 0, ...macsec(0x0c, 0, '', CLEAR)]))).toMatchObject({
      status: 'decoded',
      src: OUTER_SRC,
      ports: [61_000, 4789],
      tunnel: null,
    }))
})

describe('NSH', () => {
  it.each([
    { name: 'another version', frame: [0x40, ...nsh(1, PACKET).slice(1)] },
    { name: 'a message of its operators', frame: [0x2f, ...nsh(1, PACKET).slice(1)] },
    { name: 'metadata of type 1 that has another length', frame: nsh(1, PACKET, 1, [1, 2, 3, 4]) },
    { name: 'a length below its own', frame: [0x0f, 0xc1, ...nsh(1, PACKET).slice(2)] },
    { name: 'a protocol nobody knows', frame: nsh(9, PACKET) },
    { name: 'no protocol', frame: nsh(0, PACKET) },
  ])('with $name is not seen', ({ frame }) =>
    expect(decode(ethernet(0x894f, frame))).toMatchObject({ status: 'not_ip', stoppedAt: 0x894f, tunnel: null }),
  )

  it('cut off is truncated', () => {
    expect(decode(ethernet(0x894f, nsh(1, PACKET).slice(0, 7))).status).toBe('truncated')
    expect(decode(ethernet(0x894f, nsh(1, PACKET).slice(0, 23))).status).toBe('truncated')
  })

  it('without end is malformed', () => {
    let packet = PACKET
    for (let n = 0; n < 30; n++) packet = nsh(n === 0 ? 1 : 4, packet)
    expect(decode(ethernet(0x894f, packet)).status).toBe('malformed')
  })
})

describe('as many layers as there may be', () => {
  /** An Ethernet header, its type, IP headers with what they carry, and TCP: two layers more than twice the depth. */
  const nested = (depth: number): Bytes => {
    let packet = PACKET
    for (let n = 0; n < depth; n++) packet = ipv4(packet, { proto: 4 })
    return ethernet(IPV4, packet)
  }

  it('are read, and one more is malformed', () => {
    expect(decode(nested(10))).toMatchObject({ status: 'decoded', tunnels: 10, ports: [50_000, 443] })
    expect(decode(nested(11)).status).toBe('malformed')
    expect(decode(ethernet(0x8100, [0, 1, ...nested(10).slice(12)])).status).toBe('malformed')
  })
})

describe('IPv6 without ports', () => {
  it.each([
    { name: 'HIP', next: 139 },
    { name: 'a mobility message', next: 135 },
    { name: 'shim6', next: 140 },
  ])('$name is what it is', ({ next }) => {
    const message = [59, 0, ...hex('020100000000')]
    expect(decode(ethernet(IPV6, ipv6(message, { next })))).toMatchObject({
      status: 'decoded',
      proto: next,
      ports: [0, 0],
      payload: message,
    })
  })

  it('with no next header has none', () =>
    expect(decode(ethernet(IPV6, ipv6([], { next: 59 })))).toMatchObject({ proto: 59, ports: [0, 0] }))

  it('does not have the ports of the packet before it', () =>
    expect(decode(inUdp(4790, vxlanGpe(2, ipv6([1, 2, 3], { next: 58 }))))).toMatchObject({ proto: 58, ports: [0, 0] }))

  it.each([58, 50, 89, 103])('protocol %i', (next) =>
    expect(decode(ethernet(IPV6, ipv6(DATA, { next })))).toMatchObject({
      status: 'decoded',
      proto: next,
      ports: [0, 0],
      payload: DATA,
    }),
  )
})

it('an authentication header shorter than its fields is malformed', () =>
  expect(decode(outer(51, [6, 0, ...new Array(20).fill(0)])).status).toBe('malformed'))
