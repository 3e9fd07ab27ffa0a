/** Frames into an interface of a network of our own, and how many of them left it. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { PcapWriter } from '../src/source/pcap-write.ts'
import type { Net } from '../test/live/net.ts'

const FRAMES_A_WRITE = 4096

/** Has tcpreplay send the first `count` of `frames` at `pps`, made while they are sent. */
export async function sendFrames(
  net: Net,
  into: string,
  frames: Iterator<Buffer>,
  count: number,
  pps: number,
): Promise<void> {
  const child = net.spawn('tcpreplay', '--quiet', '--no-flow-stats', '-i', into, `--pps=${pps}`, '-')
  child.stdout?.resume()
  child.stderr?.resume()
  const exit = once(child, 'exit')
  const { stdin } = child
  if (stdin === null) throw new Error('tcpreplay has no standard input')
  let isBroken = false
  stdin.on('error', () => {
    isBroken = true
  })
  const writer = new PcapWriter(1)
  for (let made = 0; made < count && !isBroken; ) {
    for (const end = Math.min(made + FRAMES_A_WRITE, count); made < end; made++)
      writer.append(0, 0, frames.next().value as Buffer)
    if (!stdin.write(writer.take())) await Promise.race([once(stdin, 'drain'), exit])
  }
  stdin.end()
  const [status] = await exit
  if (status !== 0) throw new Error(`tcpreplay ended with status ${status}`)
}

/** Frames that an interface has sent so far. */
export function sentBy(net: Net, name: string): number {
  const text = execFileSync('ip', ['-n', net.name, '-j', '-s', 'link', 'show', 'dev', name], { encoding: 'utf8' })
  const [link] = JSON.parse(text) as [{ stats64: { tx: { packets: number } } }]
  return link.stats64.tx.packets
}
