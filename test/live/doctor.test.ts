/** `intransit doctor` on a network of our own. Skipped, with the reason, where there can be none. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeFrame } from '../../src/decode/decode.ts'
import { DECODED, PacketMeta, PROTO_TCP } from '../../src/decode/packet-meta.ts'
import { openSource } from '../../src/source/index.ts'
import { captureOf } from './frames.ts'
import { CAPTURES, createNet, type Net, whyNoNet } from './net.ts'

const why = whyNoNet()
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const hasTool = (name: string): boolean => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined

interface Finding {
  id: string
  verdict: string
  text: string
  fix: string | null
}

let net: Net

/** Runs doctor in the namespace, as nobody who is in between if asked for. */
async function examine(args: readonly string[], before: readonly string[] = []) {
  const [command = '', ...rest] = [...before, process.execPath, MAIN, 'doctor', '--no-store', ...args, '--json']
  const child = net.spawn(command, ...rest)
  let out = ''
  child.stdout?.on('data', (text) => {
    out += text
  })
  child.stderr?.resume()
  const [status] = await once(child, 'close')
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  return { status, find: (id: string) => findings.find((one) => one.id === id) }
}

/** The namespace's own part of /proc/sys. */
async function inside(script: string): Promise<number | null> {
  const child = net.spawn('sh', '-c', script)
  child.stdout?.resume()
  child.stderr?.resume()
  return (await once(child, 'close'))[0]
}

/** Both directions, uncut, with one VLAN tag at the most. */
const WHOLE = /^(tls12|tls13|http)-(?!.*(qinq|snaplen|side-only)).*\.pcap$/

/** TCP frames of some of our captures; the server's side is the one with the lower port. */
async function tcpFrames(names = WHOLE): Promise<{ fromClient: boolean; frame: Buffer }[]> {
  const frames: { fromClient: boolean; frame: Buffer }[] = []
  const m = new PacketMeta()
  for (const file of readdirSync(CAPTURES).filter((name) => names.test(name))) {
    for await (const { bytes, count, at, captured, wire, link } of (await openSource(join(CAPTURES, file))).batches()) {
      for (let n = 0; n < count; n++) {
        const start = at[n] as number
        const end = start + (captured[n] as number)
        if (end - start > 1514 || link[n] !== 1) continue
        if (decodeFrame(bytes, start, end, wire[n] as number, 1, m) !== DECODED || m.proto !== PROTO_TCP) continue
        frames.push({ fromClient: m.srcPort > m.dstPort, frame: Buffer.from(bytes.subarray(start, end)) })
      }
    }
  }
  return frames
}

/** What a sample says while the frames go by again and again. */
async function sampleOf(frames: readonly Buffer[]) {
  const { sender, receiver } = net.pair()
  const sending = net.spawn('tcpreplay', '--quiet', '-i', sender, '--pps=2000', '--loop=0', captureOf(frames))
  sending.stdout?.resume()
  sending.stderr?.resume()
  const ended = once(sending, 'close')
  try {
    return await examine(['--source', `afpacket:${receiver}`, '--sample', '2'])
  } finally {
    sending.kill('SIGKILL')
    await ended
  }
}

describe.skipIf(why !== null)(`intransit doctor, live${why === null ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(() => {
    net = createNet()
  })
  afterAll(() => net.close())

  it('finds nothing wrong with a healthy interface', async () => {
    const { receiver } = net.pair()
    const { status, find } = await examine(['--source', `afpacket:${receiver}`])
    for (const id of ['packet-socket', 'link', 'opens', 'mtu', 'gro', 'lro', 'vlan-offload', 'ring-memory'])
      expect(find(id)).toMatchObject({ id, verdict: 'ok', fix: null })
    expect(find('mtu')?.text).toMatch(/VXLAN need 1550, in GENEVE 1554/)
    expect(status).toBe(0)
  })

  it('tells an interface that is not there, and does not ask for its MTU', async () => {
    const { status, find } = await examine(['--source', 'afpacket:nowhere0'])
    expect(find('link')).toMatchObject({ verdict: 'fail', text: 'there is no interface nowhere0' })
    expect(find('opens')).toMatchObject({ verdict: 'fail', text: expect.stringContaining('ERR_SOURCE_NOT_FOUND') })
    expect(find('mtu')).toMatchObject({ verdict: 'skipped', text: 'there is no such interface' })
    expect(status).toBe(8)
  })

  it('tells an interface that is down, and one without a carrier', async () => {
    const { sender, receiver } = net.pair()
    net.ip('link', 'set', sender, 'down')
    const [down, without] = [
      await examine(['--source', `afpacket:${sender}`]),
      await examine(['--source', `afpacket:${receiver}`]),
    ]
    expect(down.find('link')).toMatchObject({ verdict: 'fail', fix: `sudo ip link set ${sender} up` })
    expect(without.find('link')).toMatchObject({ verdict: 'fail', text: `${receiver} is up without a carrier` })
    expect([down.status, without.status]).toEqual([8, 8])
  })

  it('warns of an MTU that mirrored frames do not fit in, which fails nothing', async () => {
    const { receiver } = net.pair()
    net.ip('link', 'set', receiver, 'mtu', '1400')
    const { status, find } = await examine(['--source', `afpacket:${receiver}`])
    expect(find('mtu')).toMatchObject({
      verdict: 'warn',
      text: expect.stringContaining('takes 1400 bytes'),
      fix: expect.stringMatching(/mtu 1500, or 1554 where mirrored frames come in VXLAN or GENEVE$/),
    })
    expect(status).toBe(0)
  })

  it('warns a listener for mirrored datagrams when no interface has room for them', async () => {
    const { receiver } = net.pair()
    net.ip('address', 'add', '192.0.2.1/24', 'dev', receiver)
    const small = await examine(['--source', 'vxlan:192.0.2.1:4789'])
    net.ip('link', 'set', receiver, 'mtu', '1554')
    const large = await examine(['--source', 'vxlan:192.0.2.1:4789'])
    net.ip('address', 'flush', 'dev', receiver)
    expect(small.find('mtu')).toMatchObject({ verdict: 'warn', text: expect.stringContaining('mirrored in VXLAN') })
    expect(large.find('mtu')).toMatchObject({ verdict: 'ok', fix: null })
  })

  it.skipIf(!hasTool('ethtool'))('tells receive offloads as they are set, with the command to end them', async () => {
    const { receiver } = net.pair()
    for (const state of ['on', 'off']) {
      expect(await inside(`ethtool -K ${receiver} gro ${state} rxvlan ${state}`)).toBe(0)
      const { find } = await examine(['--source', `afpacket:${receiver}`])
      for (const id of ['gro', 'vlan-offload']) expect(find(id)?.text).toMatch(new RegExp(`^${state}: `))
      if (state === 'on') expect(find('gro')?.text).toContain(`ethtool -K ${receiver} gro off`)
    }
  })

  it.skipIf(!hasTool('setpriv'))('tells whoever may not capture how to', async () => {
    const { receiver } = net.pair()
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const { status, find } = await examine(['--source', `afpacket:${receiver}`, '--sample', '1'], nobody)
    expect(find('packet-socket')).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('EPERM'),
      fix: expect.stringContaining('setcap cap_net_raw=ep'),
    })
    expect(find('opens')).toMatchObject({ verdict: 'fail', text: expect.stringContaining('ERR_SOURCE_PERMISSION') })
    expect(find('link')).toMatchObject({ verdict: 'ok' })
    expect(find('sample-frames')).toMatchObject({ verdict: 'skipped', text: 'no sample could be taken' })
    expect(status).toBe(8)
  })

  it('tells a filter that the kernel has no room for, and that it is not the ring', async (context) => {
    const { receiver } = net.pair()
    // Of the namespace since Linux 6.9; before, it is the whole host's and not ours to change.
    if ((await inside('test -w /proc/sys/net/core/optmem_max')) !== 0) return context.skip('needs Linux 6.9')
    const filter = Array.from({ length: 90 }, (_, n) => `host 10.0.${n}.1`).join(' or ')
    const room = (bytes: number) => inside(`echo ${bytes} > /proc/sys/net/core/optmem_max`)
    expect(await room(20_480)).toBe(0)
    const { status, find } = await examine(['--source', `afpacket:${receiver}`, '--filter', filter])
    await room(262_144)
    const after = await examine(['--source', `afpacket:${receiver}`, '--filter', filter])
    const fix = expect.stringContaining('net.core.optmem_max=262144')
    expect(find('filter-memory')).toMatchObject({ verdict: 'fail', text: expect.stringContaining('ENOMEM'), fix })
    expect(find('opens')).toMatchObject({ verdict: 'fail', text: expect.stringContaining('ERR_FILTER'), fix })
    expect([status, after.find('filter-memory')?.verdict, after.find('opens')?.verdict]).toEqual([8, 'ok', 'ok'])
  })

  it('finds nothing wrong with a sample of whole conversations', async () => {
    const frames = (await tcpFrames()).map(({ frame }) => frame)
    expect(frames.length).toBeGreaterThan(500)
    const { status, find } = await sampleOf(frames)
    for (const id of ['sample-frames', 'sample-drops', 'sample-truncated', 'sample-decoded'])
      expect(find(id)).toMatchObject({ id, verdict: 'ok' })
    expect(find('sample-one-sided')).toMatchObject({ verdict: 'ok', text: expect.stringMatching(/ of [1-9]\d* TCP/) })
    expect(status).toBe(0)
  })

  it('tells a mirror of one direction, and what to mirror', async () => {
    const client = (await tcpFrames()).filter(({ fromClient }) => fromClient).map(({ frame }) => frame)
    const { status, find } = await sampleOf(client)
    expect(find('sample-one-sided')).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('(100.0 %) with one direction only'),
      fix: expect.stringContaining('mirror both directions'),
    })
    expect(status).toBe(8)
  })

  it('tells frames that a mirror cut, by what their IP headers say', async () => {
    const cut = (await tcpFrames()).map(({ frame }) => frame.subarray(0, 96))
    const { status, find } = await sampleOf(cut)
    expect(find('sample-truncated')).toMatchObject({
      verdict: 'fail',
      fix: expect.stringContaining('MTU 54 bytes larger'),
    })
    expect(status).toBe(8)
  })

  it('does not call lost what came in two VLAN tags, though the kernel counts it as dropped', async () => {
    const doubly = (await tcpFrames(/^tls13-qinq\.pcap$/)).map(({ frame }) => frame)
    expect(doubly.length).toBeGreaterThan(10)
    const { status, find } = await sampleOf(doubly)
    expect(find('sample-drops')).toMatchObject({ verdict: 'ok' })
    expect(status).toBe(0)
  })

  it('says that nothing comes where nothing does', async () => {
    const { receiver } = net.pair()
    const { status, find } = await examine(['--source', `afpacket:${receiver}`, '--sample', '1'])
    expect(find('sample-frames')).toMatchObject({ verdict: 'warn', text: 'not one frame in 1 s' })
    expect(status).toBe(0)
  })
})
