/** IKE, ESP and WireGuard. */
import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { esp } from '../../src/dissect/esp.ts'
import { ike } from '../../src/dissect/ike.ts'
import { CaptureMemory } from '../../src/dissect/memory.ts'
import { wireguard } from '../../src/dissect/wireguard.ts'
import { ikeMessage, MARKER, SK, saV1, saV2, type Transform } from '../wire/ike-bytes.ts'
import { u32be } from '../wire/ssh-bytes.ts'
import { type Bytes, u16be } from '../wire/tls-bytes.ts'
import { type Datagrams, readDatagrams } from './datagrams.ts'

const OFFER: Transform[] = [
  [1, 12, 256],
  [1, 3],
  [2, 5],
  [3, 12],
  [4, 14],
]
const WEAK: Transform[] = [
  [1, 3],
  [2, 2],
  [3, 2],
  [4, 2],
]
const initRequest = ikeMessage({ exchange: 34, flags: 8, next: 33, opening: true, payload: saV2(OFFER) })
const initResponse = (...chosen: Transform[]): Bytes =>
  ikeMessage({ exchange: 34, flags: 0x20, next: 33, payload: saV2(chosen) })
const auth = (flags: number): Bytes => ikeMessage({ exchange: 35, flags, next: 46, payload: SK })

/** Random to the eye, the same each time. */
const noise = (length: number, seed = 7): Bytes =>
  Array.from({ length }, (_, i) => (Math.imul(i + seed, 0x9e3779b1) >>> 13) & 255)
const espPacket = (sequence: number, body: Bytes): Bytes => [...u32be(0x1234567), ...u32be(sequence), ...body]
const encrypted = (sequence: number): Bytes => espPacket(sequence, noise(72, sequence))
/** ESP-NULL with an ICV of twelve bytes around a UDP datagram. */
const clear = (sequence: number, size = 30): Bytes => {
  const udp = [...u16be(1234), ...u16be(53), ...u16be(size), 0, 0, ...noise(size - 8, sequence)]
  const padding = (4 - ((udp.length + 2) % 4)) % 4
  const pad = Array.from({ length: padding }, (_, i) => i + 1)
  return espPacket(sequence, [...udp, ...pad, padding, 17, ...noise(12, sequence)])
}

describe('IKE of version 2', () => {
  it('tells what was chosen, and is protected from the first encrypted message on', () => {
    const opening: Datagrams = [
      [CLIENT, initRequest],
      [SERVER, initResponse(...WEAK)],
    ]
    expect(readDatagrams(ike, opening).facts).toMatchObject({
      appProtocol: 'ike',
      protection: 'undetermined',
      ike: {
        version: 2,
        mode: null,
        encryption: 'ENCR_3DES',
        integrity: 'AUTH_HMAC_SHA1_96',
        prf: 'PRF_HMAC_SHA1',
        group: '1024-bit MODP Group',
      },
    })
    const { facts, state } = readDatagrams(ike, [...opening, [CLIENT, auth(8)], [SERVER, auth(0x20)]])
    expect(facts.protection).toBe('encrypted')
    expect(state?.done).toBe(true)
  })

  it('keeps what was chosen where it goes on between other ports, and in the same capture alone', () => {
    const memory = new CaptureMemory()
    const moved: Datagrams = [
      [CLIENT, [...MARKER, ...auth(8)]],
      [SERVER, [...MARKER, ...auth(0x20)]],
    ]
    readDatagrams(
      ike,
      [
        [CLIENT, initRequest],
        [SERVER, initResponse(...WEAK)],
      ],
      memory,
    )
    expect(readDatagrams(ike, moved, memory).facts).toMatchObject({
      protection: 'encrypted',
      // What was offered is said of the flow that it was offered in.
      ike: { version: 2, encryption: 'ENCR_3DES', group: '1024-bit MODP Group', offered: [] },
    })
    const another = ikeMessage({ exchange: 35, flags: 8, next: 46, payload: SK }).with(3, 0x77)
    expect(readDatagrams(ike, [[CLIENT, [...MARKER, ...another]]], memory).facts.ike?.encryption).toBeNull()
    memory.clear()
    expect(readDatagrams(ike, moved, memory).facts).toMatchObject({ protection: 'opaque', ike: { encryption: null } })
  })

  it('names further key exchanges beside the first', () => {
    const answer = initResponse([1, 20, 256], [2, 7], [4, 31], [6, 36], [7, 0])
    const { facts } = readDatagrams(ike, [
      [CLIENT, initRequest],
      [SERVER, answer],
    ])
    expect(facts.ike).toMatchObject({ keyBits: 256, group: 'Curve25519+ml-kem-768', integrity: null })
  })

  it('chooses nothing where the responder refuses, or where only the offer was seen', () => {
    const refusal = ikeMessage({ exchange: 34, flags: 0x20, next: 41, payload: [0, 0, 0, 8, 0, 0, 0, 14] })
    expect(
      readDatagrams(ike, [
        [CLIENT, initRequest],
        [SERVER, refusal],
      ]).facts.ike,
    ).toMatchObject({ encryption: null })
    expect(readDatagrams(ike, [[CLIENT, initRequest]]).facts.ike).toMatchObject({ version: 2, encryption: null })
  })

  it('tells all that was offered, in the order sent, also where nobody answers', () => {
    const offer = saV2(
      OFFER,
      [
        [1, 20, 256],
        [2, 7],
        [4, 31],
        [6, 36],
        [6, 0],
      ],
      [
        [1, 1024],
        [4, 999],
        [5, 1],
      ],
    )
    const request = ikeMessage({ exchange: 34, flags: 8, next: 33, opening: true, payload: offer })
    const offered = [
      'ENCR_AES_CBC 256/ENCR_3DES/PRF_HMAC_SHA2_256/AUTH_HMAC_SHA2_256_128/2048-bit MODP Group',
      'ENCR_AES_GCM_16 256/PRF_HMAC_SHA2_512/Curve25519/+ml-kem-768/+NONE',
      'encryption 1024/group 999',
    ]
    expect(readDatagrams(ike, [[CLIENT, request]]).facts).toMatchObject({
      protection: 'undetermined',
      malformed: 0,
      ike: { version: 2, offered, encryption: null, integrity: null, prf: null, group: null },
    })
    // Asked again with a cookie, and for another group; the answer is no offer.
    const { facts } = readDatagrams(ike, [
      [CLIENT, request],
      [CLIENT, initRequest],
      [SERVER, initResponse(...WEAK)],
    ])
    expect(facts.ike).toMatchObject({ offered, encryption: 'ENCR_3DES' })
    expect(readDatagrams(ike, [[SERVER, initResponse(...WEAK)]]).facts.ike?.offered).toEqual([])
  })

  it('keeps no offer of more transforms than anybody has, and counts it', () => {
    const many = (proposals: number): Bytes =>
      saV2(...Array.from({ length: proposals }, () => Array.from({ length: 30 }, (_, n): Transform => [4, 1000 + n])))
    const offered = (proposals: number) => {
      const payload = many(proposals)
      return readDatagrams(ike, [[CLIENT, ikeMessage({ exchange: 34, flags: 8, next: 33, opening: true, payload })]])
        .facts
    }
    expect([offered(16).ike?.offered.length, offered(16).malformed]).toEqual([16, 0])
    expect([offered(17).ike?.offered.length, offered(17).malformed]).toEqual([0, 1])
  })

  it('is opaque where the choice was not seen', () => {
    expect(
      readDatagrams(ike, [
        [CLIENT, auth(8)],
        [SERVER, auth(0x20)],
      ]).facts.protection,
    ).toBe('opaque')
  })

  it('behind the marker shares its ports with ESP, and then is as opaque as that', () => {
    const marked: Datagrams = [
      [CLIENT, [...MARKER, ...initRequest]],
      [SERVER, [...MARKER, ...initResponse(...WEAK)]],
      [CLIENT, [...MARKER, ...auth(8)]],
      [SERVER, [...MARKER, ...auth(0x20)]],
    ]
    const { facts, state } = readDatagrams(ike, marked)
    expect([facts.protection, state?.done]).toEqual(['encrypted', false])
    expect(readDatagrams(ike, [...marked, [CLIENT, [0xff]], [CLIENT, encrypted(1)]]).facts.protection).toBe('opaque')
    const readable = readDatagrams(ike, [...marked, [CLIENT, clear(1)], [SERVER, clear(1)]])
    expect([readable.facts.protection, readable.state?.done]).toEqual(['cleartext', true])
  })
})

describe('IKE of version 1', () => {
  const offer = [
    [1, 7],
    [2, 4],
    [3, 1],
    [4, 14],
    [14, 256],
  ] as const
  const chosen = [
    [1, 5],
    [2, 1],
    [3, 1],
    [4, 2],
  ] as const

  it.each([
    { mode: 'main', exchange: 2 },
    { mode: 'aggressive', exchange: 4 },
  ])('tells what was chosen in $mode mode', ({ mode, exchange }) => {
    const message = (flags: number, payload: Bytes, opening = false): Bytes =>
      ikeMessage({ version: 1, exchange, flags, next: flags === 1 ? 5 : 1, payload, opening })
    const { facts } = readDatagrams(ike, [
      [CLIENT, message(0, saV1(offer, chosen), true)],
      [SERVER, message(0, saV1(chosen))],
      [CLIENT, message(1, SK)],
      [SERVER, message(1, SK)],
    ])
    expect(facts).toMatchObject({
      protection: 'encrypted',
      ike: {
        version: 1,
        mode,
        authentication: 'pre-shared key',
        encryption: '3DES-CBC',
        integrity: 'MD5',
        group: '1024-bit MODP Group',
        offered: [
          'AES-CBC 256/SHA2-256/pre-shared key/2048-bit MODP Group',
          '3DES-CBC/MD5/pre-shared key/1024-bit MODP Group',
        ],
      },
    })
  })
})

describe('ESP', () => {
  it('is opaque from its first packet on, and not watched for ever', () => {
    const packets = Array.from({ length: 20 }, (_, i) => [CLIENT, encrypted(i + 1)] as const)
    const { facts, state } = readDatagrams(esp, packets)
    expect([facts.appProtocol, facts.protection, state?.done]).toEqual(['esp', 'opaque', true])
    expect(readDatagrams(esp, packets.slice(0, 1)).facts.protection).toBe('opaque')
  })

  it('is cleartext once several packets show the header inside', () => {
    expect(readDatagrams(esp, [[CLIENT, clear(1)]]).facts.protection).toBe('opaque')
    expect(
      readDatagrams(esp, [
        [CLIENT, clear(1, 30)],
        [SERVER, clear(1, 33)],
      ]).facts.protection,
    ).toBe('cleartext')
  })

  it('is none with a reserved SPI, or with bytes that are no whole words', () => {
    const of = (bytes: Bytes) => esp.probe(Uint8Array.from(bytes), 0, bytes.length, 0, CLIENT)
    expect([of(encrypted(1)), of([...encrypted(1), 0]), of([0, 0, 0, 255, ...noise(32)]), of(noise(8))]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

describe('WireGuard', () => {
  const initiation = (sender: number): Bytes => [1, 0, 0, 0, ...u32be(sender), ...noise(140)]
  const response = (receiver: number): Bytes => [2, 0, 0, 0, ...u32be(99), ...u32be(receiver), ...noise(80)]
  const data = (size: number): Bytes => [4, 0, 0, 0, ...u32be(99), 1, 0, 0, 0, 0, 0, 0, 0, ...noise(size)]

  it('is encrypted once its handshake was seen and data follows', () => {
    const { facts, state } = readDatagrams(wireguard, [
      [CLIENT, initiation(5)],
      [SERVER, response(5)],
      [CLIENT, data(16)],
    ])
    expect(facts).toMatchObject({
      appProtocol: 'wireguard',
      protection: 'encrypted',
      protocolSecurity: 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s',
    })
    expect(state?.done).toBe(true)
  })

  it.each([
    { name: 'no handshake was seen', datagrams: [[CLIENT, data(16)]] as Datagrams, want: 'opaque' },
    {
      name: 'the response answers another initiation',
      datagrams: [
        [CLIENT, initiation(5)],
        [SERVER, response(6)],
        [CLIENT, data(16)],
      ] as Datagrams,
      want: 'opaque',
    },
    {
      name: 'the response comes from the same side',
      datagrams: [
        [CLIENT, initiation(5)],
        [CLIENT, response(5)],
        [CLIENT, data(16)],
      ] as Datagrams,
      want: 'opaque',
    },
    {
      name: 'no data followed',
      datagrams: [
        [CLIENT, initiation(5)],
        [SERVER, response(5)],
      ] as Datagrams,
      want: 'undetermined',
    },
  ])('is $want where $name', ({ datagrams, want }) => {
    expect(readDatagrams(wireguard, datagrams).facts.protection).toBe(want)
  })

  it.each([
    { name: 'an initiation of another size', bytes: [...initiation(5), 0] },
    { name: 'reserved bytes that are not zero', bytes: [...initiation(5)].with(2, 1) },
    { name: 'data that is not padded', bytes: data(17) },
    { name: 'a counter that no key lives to see', bytes: [...data(16)].with(15, 1) },
  ])('is not $name', ({ bytes }) => {
    expect(wireguard.probe(Uint8Array.from(bytes), 0, bytes.length, 0, CLIENT)).toBe(false)
  })
})
