import { expect, it } from 'vitest'
import { IkeFacts, TlsFacts } from '../../src/core/facts.ts'
import { CaptureMemory } from '../../src/dissect/memory.ts'

const MOST = 16_384
const numbered = (n: number, bytes: number): Uint8Array => {
  const id = new Uint8Array(bytes)
  new DataView(id.buffer).setUint32(0, n)
  return id
}

it('of associations of IKE makes room for new ones by the oldest', () => {
  const { ike } = new CaptureMemory()
  for (let n = 0; n <= MOST; n++) ike.remember(numbered(n, 16), 0, new IkeFacts())
  expect([0, 1, MOST].map((n) => ike.find(numbered(n, 16), 0) !== null)).toEqual([false, true, true])
})

it('of connections of QUIC makes room for new ones by the oldest', () => {
  const { quic } = new CaptureMemory()
  for (let n = 0; n <= MOST; n++) quic.remember(numbered(n, 8), 1, new TlsFacts(), 0)
  const packet = (n: number): Uint8Array => Uint8Array.from([0x40, ...numbered(n, 8)])
  expect([0, 1, MOST].map((n) => quic.find(packet(n), 0, 9) !== null)).toEqual([false, true, true])
})

it('keeps what was chosen, not what its flow comes to say later', () => {
  const { ike } = new CaptureMemory()
  const facts = new IkeFacts()
  facts.encryption = 'ENCR_3DES'
  ike.remember(numbered(1, 16), 0, facts)
  facts.encryption = null
  expect(ike.find(numbered(1, 16), 0)?.encryption).toBe('ENCR_3DES')
})
