/** Frames and expressions at random, out of small pools so that they meet. */
import fc from 'fast-check'

const u16 = (value: number): Buffer => Buffer.from([(value >> 8) & 255, value & 255])
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)])

export const PORTS = [0, 22, 53, 443, 1701, 2152, 3544, 4341, 4789, 4790, 5247, 6081, 8472, 50_000]
const V4 = ['10.0.0.1', '10.0.0.2', '10.9.0.1', '192.0.2.7']
const V6 = ['fd00::1', 'fd00::2', '2001:db8::7', '::ffff:10.0.0.1']
const V6_BYTES = [
  'fd000000000000000000000000000001',
  'fd000000000000000000000000000002',
  '20010db8000000000000000000000007',
  '00000000000000000000ffff0a000001',
]
const VLANS = [0, 5, 6, 4095]
const VNIS = [0, 7, 8, 0xffffff]
/** An application-data record that covers 40 bytes, one that ends early, a handshake, and no TLS. */
const PAYLOADS = [
  Buffer.from(`1703030023${'aa'.repeat(35)}`, 'hex'),
  Buffer.from(`1703030010${'aa'.repeat(16)}1503030002${'bb'.repeat(2)}`, 'hex'),
  Buffer.from(`17030400ff${'cc'.repeat(60)}`, 'hex'),
  Buffer.from(`16030100f0${'dd'.repeat(50)}`, 'hex'),
  Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  Buffer.from('17', 'hex'),
  Buffer.alloc(0),
]

const of = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
/** Mostly the first. */
const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: of(others) })

export const ethernet = (type: number, body: Uint8Array, tags: readonly (readonly [number, number])[] = []): Buffer =>
  Buffer.concat([Buffer.alloc(12, 2), ...tags.flatMap(([tpid, id]) => [u16(tpid), u16(id)]), u16(type), body])

interface V4Shape {
  src?: string
  dst?: string
  options?: number
  fragment?: number
  lengthOff?: number
  length?: number
}
export function ipv4(proto: number, body: Uint8Array, shape: V4Shape = {}): Buffer {
  const { src = '10.0.0.1', dst = '192.0.2.7', options = 0, fragment = 0, lengthOff = 0 } = shape
  const total = shape.length ?? 20 + options * 4 + body.length + lengthOff
  const address = (text: string): Buffer => Buffer.from(text.split('.').map(Number))
  return Buffer.concat([
    Buffer.from([0x45 + options, 0]),
    u16(total),
    u16(99),
    u16(fragment),
    Buffer.from([64, proto, 0, 0]),
    address(src),
    address(dst),
    Buffer.alloc(options * 4, 1),
    body,
  ])
}

interface V6Shape {
  src?: number
  dst?: number
  length?: number
}
export const ipv6 = (
  next: number,
  body: Uint8Array,
  { src = 0, dst = 2, length = body.length }: V6Shape = {},
): Buffer =>
  Buffer.concat([
    Buffer.from([0x60, 0, 0, 0]),
    u16(length),
    Buffer.from([next, 64]),
    Buffer.from(V6_BYTES[src] as string, 'hex'),
    Buffer.from(V6_BYTES[dst] as string, 'hex'),
    body,
  ])

export const tcp = (src: number, dst: number, payload: Uint8Array, options = 0, flags = 0x18): Buffer =>
  Buffer.concat([
    u16(src),
    u16(dst),
    u32(1),
    u32(2),
    Buffer.from([(5 + options) << 4, flags]),
    Buffer.alloc(6 + options * 4, 1),
    payload,
  ])

export const udp = (src: number, dst: number, payload: Uint8Array, length = 8 + payload.length): Buffer =>
  Buffer.concat([u16(src), u16(dst), u16(length), u16(0), payload])

export const vxlan = (vni: number, frame: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([8, 0, 0, 0]), u32((vni << 8) >>> 0), frame])

export const geneve = (vni: number, type: number, body: Uint8Array, options = 0): Buffer =>
  Buffer.concat([Buffer.from([options, 0]), u16(type), u32((vni << 8) >>> 0), Buffer.alloc(options * 4), body])

const gre = (key: number | null, type: number, body: Uint8Array): Buffer =>
  Buffer.concat([u16(key === null ? 0 : 0x2000), u16(type), ...(key === null ? [] : [u32(key)]), body])

const mpls = (body: Uint8Array): Buffer => Buffer.concat([u32(0x00010100 | 64), body])
const pppoe = (body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x11, 0]), u16(1), u16(body.length + 2), u16(0x0021), body])
const snap = (type: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('aaaa03000000', 'hex'), u16(type), body])
const authentication = (next: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([next, 4, 0, 0]), Buffer.alloc(20), body])
const gtpu = (body: Uint8Array): Buffer => Buffer.concat([Buffer.from([0x30, 0xff]), u16(body.length), u32(1), body])
const vxlanGpe = (vni: number, next: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x0c, 0, 0, next]), u32((vni << 8) >>> 0), body])
const lisp = (instance: number, body: Uint8Array): Buffer =>
  Buffer.concat([u32(0x08000000), u32((instance << 8) >>> 0), body])
const l2tp = (type: number, body: Uint8Array): Buffer =>
  Buffer.concat([u16(2), u32(7), u16(type === 0x0800 ? 0x0021 : 0x0057), body])
const capwap = (frame: Uint8Array): Buffer => Buffer.concat([u32(0x00104200), u32(0), frame])
/** The packet is between Teredo addresses, of which the pools have none. */
const teredo = (next: number, body: Uint8Array): Buffer => {
  const packet = ipv6(next, body)
  packet.writeUInt32BE(0x20010000, 8)
  return packet
}
const macsec = (tci: number, type: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([tci, 0]), u32(1), u16(type), body, Buffer.alloc(16)])
const nsh = (type: number, body: Uint8Array): Buffer =>
  Buffer.concat([u16(0x0fc2), Buffer.from([2, type === 0x0800 ? 1 : 2]), u32(0x1ff), body])
const extension = (next: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([next, 0]), Buffer.alloc(6), body])
const v6Fragment = (next: number, field: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([next, 0]), u16(field), u32(77), body])

const port = of(PORTS)
const tags = fc.oneof(
  { weight: 5, arbitrary: fc.constant<[number, number][]>([]) },
  {
    weight: 3,
    arbitrary: fc.array(fc.tuple(of([0x8100, 0x88a8, 0x9100, 0x9200]), of([...VLANS, 0x2005])), { maxLength: 3 }),
  },
)

/** Well-formed and plain: what a program must judge exactly. `ip` is its type and bytes. */
const plainTransport = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(port, port, of(PAYLOADS), fc.integer({ min: 0, max: 10 }))
      .map(([s, d, p, o]) => [6, tcp(s, d, p, o)] as const),
  },
  {
    weight: 2,
    arbitrary: fc
      // Some tunnels answer from their port.
      .tuple(of([0, 22, 53, 443, 4789, 6081, 8472, 50_000]), of([0, 22, 53, 443, 50_000]), of(PAYLOADS))
      .map(([s, d, p]) => [17, udp(s, d, p)] as const),
  },
  { weight: 1, arbitrary: of([1, 2, 50, 58, 89, 112]).map((proto) => [proto, Buffer.alloc(40, 1)] as const) },
)
const plainPacket = fc.oneof(
  fc
    .tuple(plainTransport, of(V4), of(V4), mostly(0, 1, 10))
    .map(([[proto, body], src, dst, options]) => [0x0800, ipv4(proto, body, { src, dst, options })] as const),
  fc
    .tuple(plainTransport, fc.nat(2), fc.nat(2))
    .map(([[next, body], src, dst]) => [0x86dd, ipv6(next, body, { src, dst })] as const),
)
/** Trailing bytes, as short frames have them. */
const padded = (frame: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.tuple(frame, mostly(0, 1, 18)).map(([bytes, padding]) => Buffer.concat([bytes, Buffer.alloc(padding)]))

const twoTags = fc.array(fc.tuple(of([0x8100, 0x88a8, 0x9100]), of(VLANS)), { maxLength: 2 })
const plainEthernet = fc.tuple(plainPacket, twoTags).map(([[type, body], tag]) => ethernet(type, body, tag))
const untagged = plainPacket.map(([type, body]) => ethernet(type, body))
const plainVxlan = fc
  .tuple(untagged, of(VNIS), of([4789, 8472]))
  .map(([frame, vni, to]) => ethernet(0x0800, ipv4(17, udp(50_000, to, vxlan(vni, frame)))))
const plainGeneve = fc
  .tuple(plainPacket, fc.boolean(), of(VNIS), fc.nat(3))
  .map(([[type, body], teb, vni, options]) =>
    teb ? geneve(vni, 0x6558, ethernet(type, body), options) : geneve(vni, type, body, options),
  )
  .map((datagram) => ethernet(0x86dd, ipv6(17, udp(50_000, 6081, datagram))))
export const plainFrames = padded(fc.oneof({ weight: 3, arbitrary: plainEthernet }, plainVxlan, plainGeneve))

/** Everything that the decoder reads, nested, with lengths that lie. */
const nested = fc.letrec<{ frame: Buffer; packet: readonly [number, Buffer]; carried: readonly [number, Buffer] }>(
  (tie) => ({
    frame: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      plainEthernet,
      fc.tuple(tie('packet'), tags).map(([[type, body], tag]) => ethernet(type, body, tag)),
      fc.tuple(tie('packet'), tags).map(([[, body], tag]) => ethernet(0x8847, mpls(body), tag)),
      fc.tuple(tie('packet'), tags).map(([[, body], tag]) => ethernet(0x8864, pppoe(body), tag)),
      tie('packet').map(([type, body]) => ethernet(40, snap(type, body))),
      tie('frame').map((frame) => ethernet(0x6558, frame)),
      fc.tuple(tie('packet'), of([0, 0x0c])).map(([[type, body], tci]) => ethernet(0x88e5, macsec(tci, type, body))),
      tie('packet').map(([type, body]) => ethernet(0x894f, nsh(type, body))),
      tie('packet').map(([type, body]) => ethernet(0x8909, Buffer.concat([Buffer.alloc(6), u16(type), body]))),
      of([0x0806, 0x88cc, 0x1234]).map((type) => ethernet(type, Buffer.alloc(46))),
    ),
    packet: fc.oneof(
      { maxDepth: 4 },
      plainPacket,
      fc
        .tuple(
          tie('carried'),
          of(V4),
          of(V4),
          mostly(0, 1, 10),
          mostly(0, 0x2000, 0x0004, 0x4000),
          mostly(0, -4, 6),
          mostly(null, 0),
        )
        .map(
          ([[proto, body], src, dst, options, fragment, lengthOff, length]) =>
            [
              0x0800,
              ipv4(proto, body, { src, dst, options, fragment, lengthOff, ...(length === null ? {} : { length }) }),
            ] as const,
        ),
      fc
        .tuple(tie('carried'), fc.nat(3), fc.nat(3), mostly(0, -4, 6))
        .map(
          ([[next, body], src, dst, off]) =>
            [0x86dd, ipv6(next, body, { src, dst, length: Math.max(body.length + off, 0) })] as const,
        ),
    ),
    carried: fc.oneof(
      { maxDepth: 4 },
      plainTransport,
      fc
        .tuple(port, port, of(PAYLOADS), mostly(0, -2, 3))
        .map(([s, d, p, off]) => [17, udp(s, d, p, 8 + p.length + off)] as const),
      fc.tuple(port, of(VNIS), tie('frame'), of([4789, 8472]), mostly(0, -30, 2)).map(([s, vni, frame, d, off]) => {
        const body = vxlan(vni, frame)
        return [17, udp(s, d, body, 8 + body.length + off)] as const
      }),
      fc
        .tuple(of(VNIS), tie('packet'), fc.nat(2))
        .map(([vni, [type, body], options]) => [17, udp(1, 6081, geneve(vni, type, body, options))] as const),
      fc.tuple(of(VNIS), tie('frame')).map(([vni, frame]) => [17, udp(1, 6081, geneve(vni, 0x6558, frame))] as const),
      tie('packet').map(([, body]) => [17, udp(2152, 2152, gtpu(body))] as const),
      fc
        .tuple(of(VNIS), tie('packet'))
        .map(([vni, [type, body]]) => [17, udp(1, 4790, vxlanGpe(vni, type === 0x0800 ? 1 : 2, body))] as const),
      fc.tuple(of(VNIS), tie('frame')).map(([vni, frame]) => [17, udp(1, 4790, vxlanGpe(vni, 3, frame))] as const),
      fc.tuple(of(VNIS), tie('packet')).map(([vni, [, body]]) => [17, udp(1, 4341, lisp(vni, body))] as const),
      fc
        .tuple(tie('packet'), port, fc.boolean())
        .map(([[type, body], p, to]) => [17, udp(to ? p : 1701, to ? 1701 : p, l2tp(type, body))] as const),
      fc
        .tuple(tie('frame'), port, fc.boolean())
        .map(([frame, p, to]) => [17, udp(to ? p : 5247, to ? 5247 : p, capwap(frame))] as const),
      fc
        .tuple(tie('carried'), port, fc.boolean())
        .map(([[next, body], p, to]) => [17, udp(to ? p : 3544, to ? 3544 : p, teredo(next, body))] as const),
      tie('frame').map((frame) => [97, Buffer.concat([u16(0x0300), frame])] as const),
      tie('frame').map((frame) => [115, Buffer.concat([u32(7), frame])] as const),
      tie('packet').map(([type, body]) => [type === 0x0800 ? 4 : 41, body] as const),
      fc.tuple(tie('packet'), of([null, ...VNIS])).map(([[type, body], key]) => [47, gre(key, type, body)] as const),
      tie('carried').map(([next, body]) => [51, authentication(next, body)] as const),
      fc
        .tuple(tie('carried'), of([0, 43, 60, 135]))
        .map(([[next, body], header]) => [header, extension(next, body)] as const),
      fc
        .tuple(tie('carried'), of([0, 1, 8]))
        .map(([[next, body], field]) => [44, v6Fragment(next, field, body)] as const),
      fc.tuple(port, port).map(([s, d]) => [132, Buffer.concat([u16(s), u16(d), Buffer.alloc(12)])] as const),
      fc.tuple(fc.nat(255), tie('packet')).map(([proto, [, body]]) => [proto, body] as const),
    ),
  }),
)

/** Some cut off, some with a byte changed, some with bytes behind. */
export const anyFrames = fc
  .tuple(padded(nested.frame), mostly(1, 0.3, 0.6, 0.9), fc.option(fc.tuple(fc.nat(120), fc.nat(255)), { freq: 4 }))
  .map(([frame, part, change]) => damage(frame, part, change))

/** Keeps `part` of a frame and changes one byte. */
export function damage(frame: Uint8Array, part: number, change: [number, number] | null): Buffer {
  const bytes = Buffer.from(frame.subarray(0, Math.ceil(frame.length * part)))
  if (change !== null && bytes.length > 0) bytes[change[0] % bytes.length] = change[1]
  return bytes
}

const end = of(['', 'src ', 'dst '])
const primitive = fc.oneof(
  of(['ip', 'ip6', 'tcp', 'udp', 'sctp', 'icmp', 'icmp6', 'vlan']),
  fc.tuple(end, of([...V4, ...V6])).map(([e, address]) => `${e}host ${address}`),
  fc
    .tuple(
      end,
      of(['10.0.0.0/8', '10.0.0.0/31', '0.0.0.0/0', 'fd00::/16', '::/0', '::ffff:0:0/96', 'fd00::/127', '::/80']),
    )
    .map(([e, net]) => `${e}net ${net}`),
  fc.tuple(end, port).map(([e, p]) => `${e}port ${p}`),
  fc
    .tuple(end, of(['0-21', '22-443', '444-65535', '400-65535', '0-65535', '9-9']))
    .map(([e, r]) => `${e}portrange ${r}`),
  of(VLANS).map((id) => `vlan ${id}`),
  of(VNIS).map((vni) => `vni ${vni}`),
)
export const expressions = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    primitive,
    tie('any').map((inner) => `not (${inner})`),
    fc.tuple(tie('any'), of(['and', 'or']), tie('any')).map(([a, joint, b]) => `(${a}) ${joint} (${b})`),
  ),
})).any
