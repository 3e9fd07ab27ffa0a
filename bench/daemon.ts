/**
 * The memory of one daemon that does everything (`intransit run`): it captures, judges, stores, rolls up, watches for what is
 * worth an alert, and is looked at: scraped every 15 seconds, asked for a page of flows every 5, for all KPIs every minute.
 *
 *   npm run bench:daemon -- MINUTES PPS   60 minutes of 2,000 frames a second if nothing is said; draws bench/daemon.svg
 *
 * Needs root, iproute2 and tcpreplay. It fails where memory grows on: the last third may not have more than 15 % above the
 * most of the third before.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createNet, enter, whyNoNet } from '../test/live/net.ts'
import { lastSummary } from '../test/live/running-capture.ts'
import { makeTraffic, NETWORK } from './make-file.ts'
import { drawMemory, rssMbOf, type Sample, slopeOf } from './memory.ts'

const [minutes = 60, pps = 2000] = process.argv.slice(2).map(Number)
const MOST_GROWTH = 1.15
const START_MS = 240_000
const SAMPLE_MS = 1000
const TOLD_EVERY_S = 120
/** What is asked for, and how often. */
const LOOKS: Readonly<Record<string, number>> = {
  '/metrics': 15_000,
  '/api/v1/flows?limit=100': 5000,
  '/api/v1/kpis': 60_000,
}
const DRAWING = new URL('./daemon.svg', import.meta.url).pathname

interface Looked {
  answered: number
  other: number
}

/** A connection that both ends let idle may be closed by one while the other asks: that is no answer either. */
async function isAnswered(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url)
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}

/** Asks until told to stop, one thing after the other. */
async function look(url: string, everyMs: number, counts: Looked, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (await isAnswered(url)) counts.answered += 1
    else counts.other += 1
    for (const endMs = performance.now() + everyMs; !isOver() && performance.now() < endMs; ) await sleep(250)
  }
}

/** How much of the memory is whose: that of the engine, its caches and the rings are what no heap has. */
async function tell(url: string, { s, rssMb }: Sample): Promise<void> {
  const text = await fetch(`${url}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  )
  const mb = (name: string): string =>
    (Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)?.[1]) / 1e6).toFixed(0)
  const heap = `heap ${mb('nodejs_heap_size_used_bytes')}, external ${mb('nodejs_external_memory_bytes')}`
  console.log(`${s.toFixed(0).padStart(6)} s ${rssMb.toFixed(0)} MB (${heap})`)
}

const mostOf = (samples: readonly Sample[]): number => Math.max(...samples.map(({ rssMb }) => rssMb))

const why = whyNoNet()
if (why !== null) {
  console.log(`daemon bench skipped: ${why}`)
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'bench-daemon-'))
const alerts = join(folder, 'alerts.yaml')
writeFileSync(alerts, `folder: ${join(folder, 'alerts')}\n`)
const net = createNet()
net.ip('link', 'set', 'lo', 'up')
const leave = enter(net)
try {
  const pair = net.pair()
  for (const end of [pair.sender, pair.receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  const source = ['--source', `afpacket:${pair.receiver}`, '--ring', '64', '--data', join(folder, 'data')]
  const options = [...source, '--alerts', alerts, '--listen', '127.0.0.1:0']
  const child = net.spawn(process.execPath, 'dist/main.js', 'run', ...options)
  const closed = once(child, 'close')
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  child.stdout?.resume()
  for (const endMs = performance.now() + START_MS; !/ captures /.test(said); await sleep(50))
    if (performance.now() > endMs || child.exitCode !== null) throw new Error(`it never captured: ${said}`)
  const url = String(/serves (http\S+?),/.exec(said)?.[1])
  console.log(`${cpus()[0]?.model}, Node ${process.versions.node}: ${minutes} minutes, ${pps} frames a second\n`)

  const samples: Sample[] = []
  const startedMs = performance.now()
  const sampling = setInterval(() => {
    if (child.exitCode !== null) return
    const s = (performance.now() - startedMs) / 1000
    samples.push({ s, rssMb: rssMbOf(child.pid as number) })
    if (samples.length % TOLD_EVERY_S === 0) void tell(url, samples.at(-1) as Sample)
  }, SAMPLE_MS)
  let isOver = false
  const counts = Object.fromEntries(Object.keys(LOOKS).map((path) => [path, { answered: 0, other: 0 }]))
  const looking = Object.entries(LOOKS).map(([path, everyMs]) =>
    look(url + path, everyMs, counts[path] as Looked, () => isOver),
  )
  const sender = net.spawn('tcpreplay', '--quiet', '--no-flow-stats', '-i', pair.sender, `--pps=${pps}`, '-')
  const sent = once(sender, 'exit')
  for (const stream of [sender.stdout, sender.stderr]) stream?.resume()
  const write = async (bytes: Buffer): Promise<void> => {
    if (sender.stdin?.write(bytes) === false) await Promise.race([once(sender.stdin, 'drain'), sent])
  }
  const startS = Math.floor(Date.now() / 1000)
  const { flows } = await makeTraffic(write, 'captures', {
    packets: Math.round(minutes * 60 * pps),
    concurrent: 2000,
    stepUs: 1e6 / pps,
    startS,
    network: NETWORK.network,
  })
  sender.stdin?.end()
  await sent
  isOver = true
  await Promise.all(looking)
  clearInterval(sampling)
  child.kill('SIGTERM')
  await closed
  const summary = lastSummary(said)
  if (summary === null) throw new Error(`it said no summary: ${said}`)
  const lost = summary.kernelDrops + summary.interfaceDrops
  console.log(`\n${flows} flows sent; ${summary.frames} frames taken, ${lost} lost`)
  for (const [path, { answered, other }] of Object.entries(counts))
    console.log(`${path}: ${answered} answered, ${other} not`)
  const third = Math.floor(samples.length / 3)
  const [middle, last] = [samples.slice(third, 2 * third), samples.slice(2 * third)]
  const [before, after] = [mostOf(middle), mostOf(last)]
  console.log(`memory: at the most ${before.toFixed(0)} MB in the second third, ${after.toFixed(0)} MB in the last`)
  console.log(`slope over the last two thirds: ${slopeOf([...middle, ...last]).toFixed(2)} MB a minute`)
  const title = `Resident memory of intransit run: ${pps} frames a second, ${minutes} minutes`
  writeFileSync(DRAWING, drawMemory(title, samples, (samples[third] as Sample).s, 'from here on it may not grow'))
  if (after > before * MOST_GROWTH) {
    console.log('WRONG: it grows on')
    process.exitCode = 1
  }
} finally {
  leave()
  net.close()
  rmSync(folder, { recursive: true })
}
