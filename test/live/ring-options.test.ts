/** The rings that `intransit capture` asks the kernel for, as the kernel tells them. Skipped, with the reason, where it cannot. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasTool } from './hosts.ts'
import { CAPTURES, createNet, type Net, whyNoNet } from './net.ts'
import { lastSummary, startCapture } from './running-capture.ts'

const why = whyNoNet() ?? (hasTool('ss') ? null : 'needs ss')

let net: Net
let folder: string

/** struct packet_diag_ring of every packet socket on an interface: bytes of a block, blocks, timeout in ms. */
function ringsInKernel(name: string): { blockBytes: number; blocks: number; timeoutMs: number }[] {
  const text = execFileSync('ip', ['netns', 'exec', net.name, 'ss', '-0', '-e'], { encoding: 'utf8' })
  const sockets = text.split(/^p_/m).filter((socket) => socket.includes(`*:${name} `))
  return [...sockets.join('').matchAll(/ring_rx\(blk_size:(\d+),blk_nr:(\d+),.*?tmo:(\d+)/g)].map(
    ([, size, blocks, timeout]) => ({
      blockBytes: Number(size),
      blocks: Number(blocks),
      timeoutMs: Number(timeout),
    }),
  )
}

describe.skipIf(why !== null)(`the rings of a capture${why === null ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(() => {
    net = createNet()
    folder = mkdtempSync(join(tmpdir(), 'intransit-ring-'))
  })
  afterAll(() => {
    net.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are as the command line says, for each worker', async () => {
    const { receiver, sender } = net.pair()
    const options = ['--ring-block-size', '256', '--ring-block-count', '12', '--ring-timeout', '30', '--workers', '2']
    const capture = await startCapture(net, ['--source', `afpacket:${receiver}`, '--format', 'jsonl', ...options])
    expect(ringsInKernel(receiver)).toEqual(Array(2).fill({ blockBytes: 256 * 1024, blocks: 12, timeoutMs: 30 }))
    await net.replay(sender, [`${CAPTURES}http-keepalive.pcap`])
    await capture.prints(/"app_protocol":"http"/, 5000)
    expect((await capture.stop()).status).toBe(0)
  })

  it('are as the file says, and whose clock stamps the frames is told where it cannot be the card', async () => {
    const { receiver, sender } = net.pair()
    const file = join(folder, 'ring.yaml')
    const lines = ['ring: 8', 'ring-block-size: 512', 'ring-timeout: 1000', 'timestamps: hardware', 'format: jsonl']
    writeFileSync(file, [`source: afpacket:${receiver}`, ...lines].join('\n'))
    const capture = await startCapture(net, ['--config', file])
    expect(ringsInKernel(receiver)).toEqual([{ blockBytes: 512 * 1024, blocks: 16, timeoutMs: 1000 }])
    await capture.says(/frames carry the kernel's time, not the card's: rx\d+ cannot stamp every frame/)
    await net.replay(sender, [`${CAPTURES}http-keepalive.pcap`])
    await capture.prints(/"app_protocol":"http"/, 5000)
    await capture.stop()
    expect(lastSummary(capture.said)?.frames).toBeGreaterThan(0)
    expect(capture.said).not.toContain('stamped by the card')
  })
})
