import { describe, expect, it } from 'vitest'
import { jobsOf } from '../../src/cli/capture-jobs.ts'
import type { CaptureOptions } from '../../src/cli/capture-options.ts'

const jobs = async (source: string[], more: Partial<CaptureOptions> = {}) => {
  const made = await jobsOf({
    source,
    format: 'none',
    policy: ['sec09-recommended'],
    sensor: 'one',
    workers: '1',
    store: false,
    spoolSize: '1',
    ...more,
  })
  return made.map(({ source, worker, fanout }) => `${source} ${worker}/${fanout?.size ?? 1}`)
}

describe('the workers of a capture', () => {
  it('read all interfaces of the kernel’s ring as one source', async () => {
    const sources = ['tcp://127.0.0.1:9', 'afpacket:eth1', 'vxlan::4789', 'interface:eth2', 'libpcap:eth3']
    expect(await jobs(sources, { workers: '2' })).toEqual([
      'tcp://127.0.0.1:9 0/1',
      'afpacket:eth1,eth2 0/2',
      'afpacket:eth1,eth2 1/2',
      'vxlan::4789 0/1',
      'libpcap:eth3 0/1',
    ])
  })

  it('read each on its own where they are of different networks', async () => {
    expect(await jobs(['afpacket:eth1', 'interface:eth2'], { apart: true })).toEqual([
      'afpacket:eth1 0/1',
      'interface:eth2 0/1',
    ])
  })

  it('follow a file that grows, which may not be there yet, and a folder', async () => {
    const folder = new URL('.', import.meta.url).pathname
    expect(await jobs([], { follow: ['/nosuch/trace.pcap', folder] })).toEqual([
      'follow:/nosuch/trace.pcap 0/1',
      `watch:${folder} 0/1`,
    ])
  })

  it.each([
    { source: ['afpacket:eth1', 'interface:eth1'], again: 'interface:eth1' },
    { source: ['vxlan::4789', 'afpacket:eth1', 'vxlan::4789'], again: 'vxlan::4789' },
  ])('read nothing twice: $again', async ({ source, again }) => {
    const told = { code: 'ERR_USAGE', message: `the source ${again} is named more than once` }
    await expect(jobs(source)).rejects.toMatchObject(told)
    await expect(jobs(source, { apart: true })).rejects.toMatchObject(told)
  })

  it('read one as it was named', async () => {
    expect(await jobs(['interface:eth1'])).toEqual(['interface:eth1 0/1'])
  })
})
