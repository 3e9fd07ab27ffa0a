import { describe, expect, it } from 'vitest'
import { jobsOf } from '../../src/cli/capture-jobs.ts'
import type { CaptureOptions } from '../../src/cli/capture-options.ts'
import type { RingOptions } from '../../src/cli/capture-ring.ts'
import { OperatorError } from '../../src/core/errors.ts'

const MIB = 2 ** 20

const jobs = (ring: RingOptions, more: Partial<CaptureOptions> = {}) =>
  jobsOf({
    source: ['afpacket:eth1'],
    format: 'none',
    policy: ['sec09-recommended'],
    sensor: 'one',
    workers: '1',
    store: false,
    spoolSize: '1',
    ...more,
    ...ring,
  })

describe('the ring that is asked for', () => {
  it('is chosen where nothing is said', async () => {
    expect(await jobs({})).toMatchObject([{ ringBytes: null, blocks: {}, timestamps: 'software' }])
  })

  it('is shared by the workers of an interface', async () => {
    expect((await jobs({ ring: '64' }, { workers: '4' })).map(({ ringBytes }) => ringBytes)).toEqual(
      Array(4).fill(16 * MIB),
    )
  })

  it('has the blocks, the timeout and the clock that were named', async () => {
    const asked = { ringBlockSize: '512', ringBlockCount: '8', ringTimeout: '20', timestamps: 'hardware' }
    expect(await jobs(asked)).toMatchObject([
      {
        ringBytes: null,
        blocks: { blockBytes: MIB / 2, blockCount: 8, blockTimeoutMs: 20 },
        timestamps: 'hardware',
      },
    ])
    expect(await jobs({ ring: '64', ringBlockSize: '1024' })).toMatchObject([
      { ringBytes: 64 * MIB, blocks: { blockBytes: MIB } },
    ])
  })

  it.each<{ asked: RingOptions; says: string; fix: string; more?: Partial<CaptureOptions> }>([
    { asked: { ringBlockSize: '1000' }, says: '--ring-block-size 1000 is no', fix: 'a power of two from 128' },
    { asked: { ringBlockSize: '64' }, says: '--ring-block-size 64 is no', fix: 'a power of two from 128' },
    { asked: { ringBlockSize: '4k' }, says: '--ring-block-size 4k is no', fix: 'as 1024' },
    { asked: { ringBlockCount: '0' }, says: '--ring-block-count 0 is not', fix: 'use 1 to 16383' },
    { asked: { ringBlockCount: '16383', ringBlockSize: '4096' }, says: '16383 blocks of', fix: 'take 1 to 511 blocks' },
    { asked: { ringTimeout: '0' }, says: '--ring-timeout 0 is not', fix: 'use 1 to 10000' },
    { asked: { ring: '8', ringBlockCount: '4' }, says: 'both say how large', fix: 'leave one of them out' },
    {
      asked: { ring: '8', ringBlockSize: '8192' },
      says: 'has no room for two blocks of 8192 KiB',
      fix: 'a larger --ring',
    },
    { asked: { timestamps: 'ptp' }, says: '--timestamps ptp is no clock', fix: 'software' },
    {
      asked: { ringTimeout: '5' },
      more: { source: ['vxlan:0.0.0.0:4789'] },
      says: '--ring-timeout is asked of vxlan:0.0.0.0:4789',
      fix: 'afpacket: has one',
    },
    {
      asked: { timestamps: 'hardware' },
      more: { source: ['libpcap:eth1'] },
      says: '--timestamps is asked of libpcap:eth1',
      fix: 'afpacket: has one',
    },
  ])('cannot be $asked', async ({ asked, more, says, fix }) => {
    let refused: unknown
    try {
      await jobs(asked, more)
    } catch (error) {
      refused = error
    }
    expect(refused).toBeInstanceOf(OperatorError)
    expect(refused).toMatchObject({ code: 'ERR_USAGE', message: expect.stringContaining(says) })
    expect((refused as OperatorError).fix).toContain(fix)
  })
})
