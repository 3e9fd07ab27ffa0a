/** Elliptic curves of certificate keys by object identifier: SEC 2 §A, RFC 5480, RFC 5639, ANSI X9.62 and a few national ones. */

interface NamedCurve {
  readonly name: string
  /** Size of the field, which names the curve; its order may be a few bits off. */
  readonly bits: number
}

/** Last arc under 1.3.132.0 (SEC 2 §A.2). */
const SECG_CURVES: readonly (readonly [number, string])[] = [
  [1, 'sect163k1'],
  [2, 'sect163r1'],
  [3, 'sect239k1'],
  [4, 'sect113r1'],
  [5, 'sect113r2'],
  [6, 'secp112r1'],
  [7, 'secp112r2'],
  [8, 'secp160r1'],
  [9, 'secp160k1'],
  [10, 'secp256k1'],
  [15, 'sect163r2'],
  [16, 'sect283k1'],
  [17, 'sect283r1'],
  [22, 'sect131r1'],
  [23, 'sect131r2'],
  [24, 'sect193r1'],
  [25, 'sect193r2'],
  [26, 'sect233k1'],
  [27, 'sect233r1'],
  [28, 'secp128r1'],
  [29, 'secp128r2'],
  [30, 'secp160r2'],
  [31, 'secp192k1'],
  [32, 'secp224k1'],
  [33, 'secp224r1'],
  [34, 'secp384r1'],
  [35, 'secp521r1'],
  [36, 'sect409k1'],
  [37, 'sect409r1'],
  [38, 'sect571k1'],
  [39, 'sect571r1'],
]

/** RFC 5639 §4.1: under 1.3.36.3.3.2.8.1.1, for each size an "r1" curve with an odd arc and a "t1" with the next. */
const BRAINPOOL_BITS = [160, 192, 224, 256, 320, 384, 512]

export const NAMED_CURVES: ReadonlyMap<string, NamedCurve> = new Map<string, NamedCurve>([
  ...SECG_CURVES.map(([arc, name]) => [`1.3.132.0.${arc}`, { name, bits: Number(name.slice(4, 7)) }] as const),
  ...BRAINPOOL_BITS.flatMap((bits, i) => [
    [`1.3.36.3.3.2.8.1.1.${2 * i + 1}`, { name: `brainpoolP${bits}r1`, bits }] as const,
    [`1.3.36.3.3.2.8.1.1.${2 * i + 2}`, { name: `brainpoolP${bits}t1`, bits }] as const,
  ]),
  ['1.2.840.10045.3.1.1', { name: 'secp192r1', bits: 192 }],
  ['1.2.840.10045.3.1.2', { name: 'prime192v2', bits: 192 }],
  ['1.2.840.10045.3.1.3', { name: 'prime192v3', bits: 192 }],
  ['1.2.840.10045.3.1.4', { name: 'prime239v1', bits: 239 }],
  ['1.2.840.10045.3.1.5', { name: 'prime239v2', bits: 239 }],
  ['1.2.840.10045.3.1.6', { name: 'prime239v3', bits: 239 }],
  ['1.2.840.10045.3.1.7', { name: 'secp256r1', bits: 256 }],
  ['1.2.156.10197.1.301', { name: 'curveSM2', bits: 256 }],
  ['1.2.250.1.223.101.256.1', { name: 'FRP256v1', bits: 256 }],
])
