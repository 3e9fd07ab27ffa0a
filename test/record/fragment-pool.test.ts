import { describe, expect, it } from 'vitest'
import { FragmentPool } from '../../src/record/fragment-pool.ts'

/** More than are kept for reuse. */
const MANY = 200_000

describe('FragmentPool', () => {
  it('gives equal texts one number, and 0 to nothing', () => {
    const pool = new FragmentPool()
    const a = pool.acquire(',"a":1')
    expect(pool.acquire(',"a":1')).toBe(a)
    expect(pool.acquire(',"b":2')).not.toBe(a)
    expect([pool.acquire(''), pool.text(0), pool.text(a), pool.size]).toEqual([0, '', ',"a":1', 2])
  })

  it('does not count nothing', () => {
    const pool = new FragmentPool()
    pool.release(0)
    pool.retain(0)
    pool.release(0)
    expect([pool.acquire(''), pool.text(0), pool.size]).toEqual([0, '', 0])
  })

  it('has pieces of their own, each with its number and serial, that go with the last who refers to them', () => {
    const pool = new FragmentPool()
    const [one, other, nothing] = [pool.add('name'), pool.add('name'), pool.add('')]
    expect(new Set([0, one, other, nothing]).size).toBe(4)
    expect(new Set([one, other, nothing].map((number) => pool.serial(number))).size).toBe(3)
    expect([one, other, nothing].map((number) => pool.text(number))).toEqual(['name', 'name', ''])
    expect([pool.size, pool.acquire('name') === one]).toEqual([0, false])
    pool.retain(one)
    pool.release(one)
    expect(pool.text(one)).toBe('name')
    pool.release(one)
    expect([pool.add('next'), pool.text(one), pool.text(other)]).toEqual([one, 'next', 'name'])
  })

  it('forgets what nobody refers to, once there is too much of it', () => {
    const pool = new FragmentPool()
    for (let n = 0; n < MANY; n++) pool.release(pool.acquire(`text ${n}`))
    expect(pool.size).toBeLessThan(MANY / 2)
  })

  it('keeps what somebody refers to, however much there is', () => {
    const pool = new FragmentPool()
    const held = Array.from({ length: MANY }, (_, n) => pool.acquire(`held ${n}`))
    const first = held[0] as number
    pool.retain(first)
    pool.release(first)
    for (let n = 0; n < MANY; n++) pool.release(pool.acquire(`passing ${n}`))
    expect(held.every((number, n) => pool.text(number) === `held ${n}`)).toBe(true)
    expect(pool.size).toBeGreaterThanOrEqual(MANY)
    for (const number of held) pool.release(number)
    expect(pool.size).toBeLessThan(MANY / 2)
  })

  it('uses the numbers of forgotten texts again, and never one that is held', () => {
    const pool = new FragmentPool()
    const filler = Array.from({ length: MANY }, (_, n) => pool.acquire(`filler ${n}`))
    const [one, ...others] = filler as [number, ...number[]]
    pool.release(one)
    const again = pool.acquire('something else')
    expect(again).toBe(one)
    expect([pool.text(again), pool.text(others[0] as number)]).toEqual(['something else', 'filler 1'])
    const numbers = new Set([again, ...others, ...Array.from({ length: 1000 }, (_, n) => pool.acquire(`new ${n}`))])
    expect(numbers.size).toBe(MANY + 1000)
  })
})
