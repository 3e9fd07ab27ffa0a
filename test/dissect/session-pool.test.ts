import { describe, expect, it } from 'vitest'
import { DatagramSession } from '../../src/dissect/datagram-session.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { SessionPool } from '../../src/dissect/session-pool.ts'
import { ByteBudget } from '../../src/flow/byte-budget.ts'
import { HIGH, LOW } from '../../src/flow/flow-flags.ts'

describe('SessionPool', () => {
  const pool = () => new SessionPool(16, 8, new ByteBudget(1 << 20))

  it('knows the flow that has been read the longest, whatever is closed', () => {
    const sessions = pool()
    for (const flow of [3, 0, 7, 5]) sessions.openStream(flow, CLIENT, true)
    expect([sessions.count, sessions.oldest]).toEqual([4, 3])
    sessions.close(0)
    expect(sessions.oldest).toBe(3)
    sessions.close(3)
    expect(sessions.oldest).toBe(7)
    sessions.close(5)
    sessions.openStream(0, SERVER, true)
    sessions.close(7)
    expect([sessions.count, sessions.oldest]).toEqual([1, 0])
    sessions.close(0)
    sessions.close(0)
    expect([sessions.count, sessions.oldest]).toEqual([0, -1])
  })

  it('gives each flow its own session, and takes closed ones again', () => {
    const sessions = pool()
    const first = sessions.openStream(1, LOW, true)
    const second = sessions.openStream(2, HIGH, false)
    expect(second).not.toBe(first)
    expect([sessions.get(1), sessions.get(2), sessions.get(3)]).toEqual([first, second, null])
    sessions.close(1)
    expect(sessions.get(1)).toBeNull()
    expect(sessions.openStream(4, HIGH, true)).toBe(first)
    expect(first.clientSide).toBe(HIGH)
  })

  it('never gives a flow of datagrams the session of a stream', () => {
    const sessions = pool()
    const stream = sessions.openStream(1, LOW, true)
    sessions.close(1)
    const datagrams = sessions.openDatagrams(2, LOW, true)
    expect(datagrams).toBeInstanceOf(DatagramSession)
    sessions.close(2)
    expect(sessions.openStream(3, LOW, true)).toBe(stream)
    expect(sessions.openDatagrams(4, HIGH, false)).toBe(datagrams)
    expect([sessions.count, sessions.oldest]).toEqual([2, 3])
  })
})
