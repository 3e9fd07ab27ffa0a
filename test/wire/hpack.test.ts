import { describe, expect, it } from 'vitest'
import { HpackReader } from '../../src/wire/hpack.ts'
import { decodeHuffman } from '../../src/wire/hpack-huffman.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))

/** Every field of a block as "name: value", as the examples print them. */
function reading() {
  const hpack = new HpackReader<string>((name, buf, at, end) => {
    return `${name}: ${Buffer.from(buf.subarray(at, end)).toString('latin1')}`
  })
  return (hex: string): string[] | null => {
    const fields: string[] = []
    const block = bytes(hex)
    return hpack.read(block, 0, block.length, (field) => fields.push(field)) ? fields : null
  }
}

describe('the examples of RFC 7541', () => {
  it('C.3: requests without Huffman coding', () => {
    const read = reading()
    expect(read('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')).toEqual([
      ':method: GET',
      ':scheme: http',
      ':path: /',
      ':authority: www.example.com',
    ])
    expect(read('8286 84be 5808 6e6f 2d63 6163 6865')).toEqual([
      ':method: GET',
      ':scheme: http',
      ':path: /',
      ':authority: www.example.com',
      'cache-control: no-cache',
    ])
    expect(read('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65')).toEqual([
      ':method: GET',
      ':scheme: https',
      ':path: /index.html',
      ':authority: www.example.com',
      'custom-key: custom-value',
    ])
  })

  it('C.4: requests with Huffman coding', () => {
    const read = reading()
    expect(read('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).toContain(':authority: www.example.com')
    expect(read('8286 84be 5886 a8eb 1064 9cbf')).toContain('cache-control: no-cache')
    expect(read('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).toContain('custom-key: custom-value')
  })

  it('C.6: responses with Huffman coding and a table of 256 bytes that evicts', () => {
    const read = reading()
    expect(
      read(
        '3fe101' +
          '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    ).toEqual([
      ':status: 302',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:21 GMT',
      'location: https://www.example.com',
    ])
    expect(read('4883 640e ffc1 c0bf')).toEqual([
      ':status: 307',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:21 GMT',
      'location: https://www.example.com',
    ])
    expect(
      read(
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      )?.at(-1),
    ).toBe('set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1')
  })
})

describe('what is no header block', () => {
  it.each([
    ['an index of 0', '80'],
    ['an index beyond the tables', 'ff20'],
    ['a literal that is cut off', '400a 6375'],
    ['an integer without end', 'ffff ffff ffff ffff'],
    ['a table larger than any', '3fff ffff 0f'],
    ['an end of string inside a string', '4084 ffff ffff 0141'],
    ['padding of zeros', '4081 18 0141'],
  ])('%s', (_, hex) => {
    expect(reading()(hex)).toBeNull()
  })

  it('a string with padding of more than seven bits', () => {
    expect(decodeHuffman(bytes('1fffff'), 0, 3, new Uint8Array(8))).toBe(-1)
  })
})

it('counts a string beyond its room in full, and keeps no value', () => {
  const long = new Uint8Array(40_000).fill(0x61)
  const seen: number[] = []
  const hpack = new HpackReader<number>((_name, _buf, at, end) => end - at)
  const length = 40_000 - 127
  const block = Uint8Array.from([
    0x00,
    0x01,
    0x78,
    0x7f,
    (length & 0x7f) | 0x80,
    ((length >> 7) & 0x7f) | 0x80,
    length >> 14,
    ...long,
  ])
  expect(hpack.read(block, 0, block.length, (n) => seen.push(n))).toBe(true)
  expect(seen).toEqual([16 * 1024])
})
