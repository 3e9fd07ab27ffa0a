/**
 * Why the package `cap` is no dependency: tcpreplay sends the same frames over a veth pair in a network namespace of our
 * own to a process that reads with it, and to processes that read with ours. Each runs on its own, and how it ended counts.
 * `cap` reads twice: once by a caller that keeps the buffer it handed over, and once by one that does not.
 *
 *   npx tsx bench/cap.ts                              ours only
 *   npx tsx bench/cap.ts /tmp/with-cap/node_modules/cap
 *   CAP=/tmp/with-cap/node_modules/cap npx tsx bench/cap.ts --runs=4
 *
 * `cap` is installed by hand into a folder of its own, which takes a compiler and libpcap's headers. Needs root, iproute2
 * and tcpreplay. Only ours can fail it: by frames that are neither taken nor counted as lost.
 */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CapModule } from '../src/source/cap-frames.ts'
import { openLive } from '../src/source/live.ts'
import type { Source } from '../src/source/source.ts'
import { captureOf, ipv4Frame, removeCaptures } from '../test/live/frames.ts'
import { createNet, type Net, whyNoNet } from '../test/live/net.ts'

const FILE_FRAMES = 10_000
/** Frames a second as tcpreplay is told, and how often it sends the file. */
const LOADS = [
  { rate: '--pps=20000', loops: 10 },
  { rate: '--topspeed', loops: 120 },
]
const SETTLING_MS = 1500
const FRAME_BYTES = 65_535
const BUFFER_BYTES = 64 * 1024 * 1024
const RECEIVERS = ['afpacket', 'libpcap', 'cap', 'cap-unkept'] as const
const SELF = fileURLToPath(import.meta.url)

const [first, ...rest] = process.argv.slice(2)
if (first === '--receive') await receive(rest[0] as string, rest[1] as string, rest[2] ?? '')
else await compare()

/** The child: reads until its standard input ends, and says what it took. */
async function receive(kind: string, name: string, capPath: string): Promise<void> {
  if (kind.startsWith('cap')) return receiveByCap(name, capPath, kind === 'cap')
  const source: Source = await openLive(`${kind}:${name}`, {
    filter: null,
    cut: false,
    fanout: null,
    ringBytes: BUFFER_BYTES,
  })
  process.stdin.once('end', () => void source.close()).resume()
  console.log('open')
  let touched = 0
  const before = process.cpuUsage()
  for await (const { count, bytes, at } of source.batches())
    for (let i = 0; i < count; i++) touched += bytes[at[i] as number] as number
  const { user, system } = process.cpuUsage(before)
  const { frames, drops } = source.stats
  console.log(JSON.stringify({ frames, lost: drops.kernel + drops.reader, cpuS: (user + system) / 1e6, touched }))
}

/** As its documentation shows it, with nothing of ours around it. */
function receiveByCap(name: string, path: string, isKept: boolean): void {
  const { Cap } = createRequire(SELF)(resolve(path)) as CapModule
  const session = new Cap()
  let frame: Buffer | null = Buffer.alloc(FRAME_BYTES)
  session.open(name, '', BUFFER_BYTES, frame)
  if (!isKept) frame = null
  let frames = 0
  let touched = 0
  session.on('packet', () => {
    frames += 1
    touched += frame?.[0] ?? 0
  })
  session.setMinBytes?.(0)
  const before = process.cpuUsage()
  process.stdin
    .once('end', () => {
      const { user, system } = process.cpuUsage(before)
      console.log(JSON.stringify({ frames, lost: null, cpuS: (user + system) / 1e6, touched }))
      session.close()
    })
    .resume()
  console.log('open')
}

async function compare(): Promise<void> {
  const args = process.argv.slice(2)
  const runs = Number(args.find((arg) => arg.startsWith('--runs='))?.slice('--runs='.length) ?? 4)
  const capPath = args.find((arg) => !arg.startsWith('--')) ?? process.env['CAP'] ?? ''
  const why = whyNoNet()
  if (why !== null) return console.log(`cap bench skipped: ${why}`)
  if (capPath === '') console.log('cap skipped: no path of an installed one was given\n')
  const net = createNet()
  try {
    // 100 conversations of 62 bytes a frame: what costs is the number of frames.
    const frames = Array.from({ length: FILE_FRAMES }, (_, i) => ipv4Frame('tcp', [1, 20_000 + (i % 100)], [2, 443]))
    const file = captureOf(frames)
    console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}\n`)
    console.log('receiver       sent  offered/s      taken       lost  CPU s   ended')
    for (const { rate, loops } of LOADS) {
      for (const kind of RECEIVERS) {
        if (kind.startsWith('cap') && capPath === '') continue
        for (let run = 0; run < runs; run++) await measure(net, kind, capPath, file, rate, loops)
      }
    }
  } finally {
    net.close()
    removeCaptures()
  }
}

async function measure(
  net: Net,
  kind: string,
  capPath: string,
  file: string,
  rate: string,
  loops: number,
): Promise<void> {
  const pair = net.pair()
  const child = net.spawn(
    ...(['taskset', '-c', '0', process.execPath, '--import', 'tsx', SELF] as const),
    ...['--receive', kind, pair.receiver, capPath],
  )
  let said = ''
  let complained = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    complained += chunk.toString()
  })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  while (!said.includes('open') && child.exitCode === null && child.signalCode === null) await sleep(20)
  const startMs = performance.now()
  await net.replay(pair.sender, [file], rate, '--preload-pcap', `--loop=${loops}`)
  const seconds = (performance.now() - startMs) / 1000
  await sleep(SETTLING_MS)
  child.stdin?.on('error', () => {}).end()
  const [status, signal] = await ended
  const sent = FILE_FRAMES * loops
  const told = /^\{.*\}$/m.exec(said)?.[0]
  const { frames, lost, cpuS } = told === undefined ? { frames: null, lost: null, cpuS: null } : JSON.parse(told)
  const number = (value: number | null, width: number): string =>
    (value === null ? '-' : Math.round(value).toLocaleString('en-US')).padStart(width)
  const end = signal === null && status === 0 ? 'well' : `${signal ?? status}: ${lastLine(complained)}`
  console.log(
    [
      kind.padEnd(10),
      number(sent, 9),
      number(sent / seconds, 10),
      number(frames, 10),
      number(lost, 10),
      (cpuS === null ? '-' : cpuS.toFixed(2)).padStart(6),
      `  ${end}`,
    ].join(' '),
  )
  if (!kind.startsWith('cap') && (end !== 'well' || frames + lost < sent)) {
    console.log(`WRONG: ${kind} accounts for ${frames} and ${lost} of ${sent} frames`)
    process.exitCode = 1
  }
  net.ip('link', 'del', pair.sender)
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
