import { describe, expect, it } from 'vitest'
import { type FingerprintInput, ja3, ja3s, ja3sText, ja3Text, ja4 } from '../../src/wire/fingerprint.ts'

const hello = (parts: Partial<FingerprintInput>): FingerprintInput => ({
  legacyVersion: 0x0303,
  cipherSuites: [],
  extensions: [],
  namedGroups: [],
  pointFormats: [],
  signatureSchemes: [],
  supportedVersions: [],
  alpn: [],
  ...parts,
})

/** The example of FoxIO's technical_details/JA4.md, with the GREASE that Chrome puts around it. */
const CHROME = hello({
  cipherSuites: [
    0x3a3a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
    0x002f, 0x0035,
  ],
  extensions: [
    0xaaaa, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
    0x000b, 0x000a, 0x0015, 0xdada,
  ],
  signatureSchemes: [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
  supportedVersions: [0x4a4a, 0x0304, 0x0303],
  alpn: ['h2', 'http/1.1'],
})

describe('ja3', () => {
  it.each([
    {
      name: "the example of JA3's README",
      input: hello({
        legacyVersion: 769,
        cipherSuites: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
        extensions: [0, 10, 11],
        namedGroups: [23, 24, 25],
        pointFormats: [0],
      }),
      text: '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0',
      md5: 'ada70206e40642a3e4461f35503241d5',
    },
    {
      name: 'without extensions the fields stay, empty',
      input: hello({ legacyVersion: 769, cipherSuites: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99] }),
      text: '769,4-5-10-9-100-98-3-6-19-18-99,,,',
      md5: 'de350869b8c85de67a350c8d186f11e6',
    },
  ])('$name', ({ input, text, md5 }) => {
    expect(ja3Text(input)).toBe(text)
    expect(ja3(input)).toBe(md5)
  })

  it('leaves GREASE out of suites, extensions and groups', () => {
    const input = hello({ cipherSuites: [0x0a0a, 1], extensions: [0xfafa, 2], namedGroups: [0x1a1a, 3] })
    expect(ja3Text(input)).toBe('771,1,2,3,')
  })

  it('keeps values that only resemble GREASE', () => {
    expect(ja3Text(hello({ cipherSuites: [0x0a1a, 0x0b0b, 0x1a0a] }))).toBe('771,2586-2827-6666,,,')
  })
})

describe('ja3s', () => {
  it.each([
    {
      version: 771,
      suite: 4866,
      extensions: [43, 51],
      text: '771,4866,43-51',
      md5: '15af977ce25de452b96affa2addb1036',
    },
    { version: 769, suite: 53, extensions: [], text: '769,53,', md5: 'ab1e32eeaf70ee94c0af00f08d126891' },
  ])('is what tshark says of $text', ({ version, suite, extensions, text, md5 }) => {
    expect(ja3sText(version, suite, extensions)).toBe(text)
    expect(ja3s(version, suite, extensions)).toBe(md5)
  })
})

describe('ja4', () => {
  it("is the example of JA4's specification", () => {
    expect(ja4(CHROME)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1')
  })

  it('does not depend on the order of suites and extensions', () => {
    const shuffled = {
      ...CHROME,
      cipherSuites: CHROME.cipherSuites.toReversed(),
      extensions: CHROME.extensions.toReversed(),
    }
    expect(ja4(shuffled)).toBe(ja4(CHROME))
  })

  it('depends on the order of signature schemes', () => {
    expect(ja4({ ...CHROME, signatureSchemes: CHROME.signatureSchemes.toReversed() })).not.toBe(ja4(CHROME))
  })

  it('has no underscore before absent signature schemes', () => {
    expect(ja4({ ...CHROME, signatureSchemes: [] })).toBe('t13d1516h2_8daaf6152771_6d807ffa2a79')
  })

  it('says zeros where there is nothing to hash', () => {
    expect(ja4(hello({}))).toBe('t12i000000_000000000000_000000000000')
  })

  it.each([
    { versions: [0x0303, 0x0304, 0x7a7a], legacy: 0x0303, want: '13' },
    { versions: [], legacy: 0x0303, want: '12' },
    { versions: [0x0a0a], legacy: 0x0302, want: '11' },
    { versions: [], legacy: 0x0301, want: '10' },
    { versions: [], legacy: 0x0300, want: 's3' },
    { versions: [], legacy: 0x0002, want: 's2' },
    { versions: [], legacy: 0xfefd, want: 'd2' },
    { versions: [0x7f12, 0x0303], legacy: 0x0303, want: '00' },
  ])('version $want from $versions over $legacy', ({ versions, legacy, want }) => {
    expect(ja4(hello({ supportedVersions: versions, legacyVersion: legacy })).slice(1, 3)).toBe(want)
  })

  it.each([
    { alpn: [], want: '00' },
    { alpn: [''], want: '00' },
    { alpn: ['h2'], want: 'h2' },
    { alpn: ['http/1.1'], want: 'h1' },
    { alpn: ['x'], want: 'xx' },
    { alpn: ['\xab'], want: 'ab' },
    { alpn: ['\xab\xcd'], want: 'ad' },
    { alpn: ['0\xab'], want: '3b' },
    { alpn: ['01\xab\xcd'], want: '3d' },
    { alpn: ['0\xab\xcd1'], want: '01' },
  ])('ALPN $alpn reads $want', ({ alpn, want }) => {
    expect(ja4(hello({ alpn })).slice(8, 10)).toBe(want)
  })

  it('stops counting at 99', () => {
    const many = Array.from({ length: 120 }, (_, i) => 0xc100 + i)
    expect(ja4(hello({ cipherSuites: many, extensions: many }))).toMatch(/^t12i999900_/)
  })

  it.each(['t', 'q', 'd'] as const)('begins with its transport %s', (transport) => {
    expect(ja4(CHROME, transport)).toBe(`${transport}13d1516h2_8daaf6152771_e5627efa2ab1`)
  })
})
