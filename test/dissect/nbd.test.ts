import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { nbd } from '../../src/dissect/nbd.ts'
import { conversation, Reading, text } from './conversation.ts'

const GREETING = Buffer.concat([text('NBDMAGICIHAVEOPT'), Buffer.of(0, 3)])
const FLAGS = Buffer.of(0, 0, 0, 3)
const u32 = (value: number): Buffer => Buffer.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
const option = (kind: number): Buffer => Buffer.concat([text('IHAVEOPT'), u32(kind), u32(0)])
const reply = (kind: number, type: number): Buffer =>
  Buffer.concat([Buffer.from('0003e889045565a9', 'hex'), u32(kind), u32(type), u32(0)])
const read = (...turns: readonly (readonly [0 | 1, Buffer])[]) => {
  const { facts, state } = new Reading(nbd).hears(conversation([SERVER, GREETING], [CLIENT, FLAGS], ...turns)).finish()
  return { ...facts, tunnel: state.tunnel }
}

describe('STARTTLS', () => {
  it.each([
    { name: 'accepted', type: 1, tunnel: true },
    { name: 'refused', type: 0x80000002, tunnel: false },
  ])('is $name', ({ name, type, tunnel }) => {
    expect(read([CLIENT, option(5)], [SERVER, reply(5, type)])).toMatchObject({ upgradeState: name, tunnel })
  })

  it('is advertised by who refuses all else', () => {
    expect(read([CLIENT, option(7)], [SERVER, reply(7, 0x80000005)])).toMatchObject({
      upgradeState: 'advertised',
      protection: 'undetermined',
    })
  })
})

it('is plaintext once an export is open', () => {
  expect(read([CLIENT, option(7)], [SERVER, reply(7, 1)])).toMatchObject({
    protection: 'cleartext',
    upgradeState: null,
  })
  expect(read([CLIENT, option(1)])).toMatchObject({ protection: 'cleartext' })
})

it('knows the old style, which has no options', () => {
  const old = Buffer.concat([text('NBDMAGIC'), Buffer.from('00420281861253', 'hex'), Buffer.alloc(16)])
  expect(nbd.probe(old, 0, old.length, SERVER)).toBe('no_match')
  const right = Buffer.concat([text('NBDMAGIC'), Buffer.from('0000420281861253', 'hex'), Buffer.alloc(16)])
  expect(nbd.probe(right, 0, right.length, SERVER)).toBe('match')
  expect(new Reading(nbd).says(SERVER, right).finish().facts.protection).toBe('cleartext')
})
