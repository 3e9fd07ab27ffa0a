import { describe, expect, it } from 'vitest'
import { PacketMeta } from '../../src/decode/packet-meta.ts'
import { DatagramSession } from '../../src/dissect/datagram-session.ts'
import { fromHex } from './datagrams.ts'

const BINDING = fromHex(`0001 0008 2112a442 ${'ab'.repeat(12)} 8022 0004 61626364`)
const QUERY = fromHex(`1234 0100 0001 0000 0000 0000 03 ${Buffer.from('web').toString('hex')} 00 0001 0001`)
/** TURN's ChannelData: a channel, a length, and whatever is relayed. */
const RELAYED = fromHex(`4000 0008 ${'5a'.repeat(8)}`)

function hear(session: DatagramSession, bytes: Uint8Array): void {
  const m = new PacketMeta()
  m.proto = 17
  m.at = 0
  m.end = bytes.length
  session.datagram(0, bytes, m)
}

const opened = (): DatagramSession => {
  const session = new DatagramSession()
  session.open(0, false)
  return session
}

describe('a flow that STUN opened', () => {
  it('is in the clear when nothing else came', () => {
    const session = opened()
    hear(session, BINDING)
    hear(session, RELAYED)
    session.finish()
    expect(session.facts).toMatchObject({ appProtocol: 'stun', protection: 'cleartext' })
  })

  it('is protected as what came next on it is', () => {
    const session = opened()
    hear(session, BINDING)
    for (let n = 1; n < 8; n++) {
      const sequence = n.toString(16).padStart(4, '0')
      hear(session, fromHex(`8060 ${sequence} 0000${sequence} 11223344 ${'9b3c7e'.repeat(6)}`))
    }
    session.finish()
    expect(session.facts).toMatchObject({ appProtocol: 'rtp', protection: 'undetermined' })
  })

  it('is left alone when it goes on with what nobody knows', () => {
    const session = opened()
    hear(session, BINDING)
    for (let n = 0; n < 600; n++) hear(session, RELAYED)
    expect(session.done).toBe(true)
  })
})

it('asks the others again when a guess was wrong', () => {
  const session = opened()
  for (const sequence of ['0001', '4001', '9001', '2001', 'a001']) {
    hear(session, fromHex(`8060 ${sequence} ${sequence}0000 ${sequence}3344 ${'9b3c7e'.repeat(6)}`))
  }
  hear(session, QUERY)
  session.finish()
  expect(session.facts).toMatchObject({ appProtocol: 'dns', protection: 'cleartext' })
})
