import { describe, expect, it } from 'vitest'
import { extendedPort, hostPort } from '../../src/wire/ftp-address.ts'

const V4 = [0, 0, 0xffff, 0x0a00_0001]
const read = (parse: typeof hostPort, words: string) => parse(Buffer.from(words, 'latin1'), 0, words.length)

describe('hostPort', () => {
  it.each([
    { words: '10,0,0,1,4,1', want: { address: V4, port: 1025 } },
    { words: 'Entering Passive Mode (10,0,0,1,255,255).', want: { address: V4, port: 65535 } },
    { words: 'Entering Passive Mode 10,0,0,1,4,1', want: { address: V4, port: 1025 } },
    { words: '10,0,0,1,0,0', want: null },
    { words: '10,0,0,256,4,1', want: null },
    { words: '10,0,0,1,4', want: null },
    { words: '1010,0,0,1,4,1', want: null },
    { words: '', want: null },
  ])('of "$words"', ({ words, want }) => expect(read(hostPort, words)).toEqual(want))
})

describe('extendedPort', () => {
  it.each([
    { words: 'Entering Extended Passive Mode (|||6446|)', want: { address: null, port: 6446 } },
    { words: '|1|10.0.0.1|6275|', want: { address: V4, port: 6275 } },
    { words: '|2|fd00::1|5282|', want: { address: [0xfd00_0000 | 0, 0, 0, 1], port: 5282 } },
    { words: '!1!10.0.0.1!6275!', want: { address: V4, port: 6275 } },
    { words: '|1|fd00::1|6275|', want: null },
    { words: '|1|10.0.0.1|65536|', want: null },
    { words: '|1|10.0.0.1|6275', want: null },
    { words: '(|||0|)', want: null },
  ])('of "$words"', ({ words, want }) => expect(read(extendedPort, words)).toEqual(want))
})
