import { describe, expect, it } from 'vitest'
import { parseVpcs } from '../../src/cli/vpc.ts'

describe('--vpc', () => {
  it('names the networks that VNIs mirror', () =>
    expect([...parseVpcs(['prod=4711,4712', 'test=0', 'prod=16777215'])]).toEqual([
      [4711, 'prod'],
      [4712, 'prod'],
      [0, 'test'],
      [16_777_215, 'prod'],
    ]))

  it.each([
    { word: 'prod', says: /"prod" is not a VPC/ },
    { word: 'prod=', says: /is not a VPC/ },
    { word: '=1', says: /is not a VPC/ },
    { word: 'prod=1,,2', says: /"" of "prod=1,,2" is not a VNI/ },
    { word: 'prod=16777216', says: /is not a VNI/ },
    { word: 'prod=0x12', says: /is not a VPC/ },
    { word: 'prod=7', says: /VNI 7 is in test and in prod/ },
  ])('refuses $word', ({ word, says }) => {
    expect(() => parseVpcs(['test=7', word])).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(says) }),
    )
  })
})
