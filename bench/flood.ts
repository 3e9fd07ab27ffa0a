/**
 * A flood against a live capture: SYNs of random four-tuples, halves of ClientHellos, fragments without an end and
 * overlapping segments behind a hole, and real conversations among them. Its memory must stay where its caps are, and the
 * conversations must be judged.
 *
 *   npm run bench:flood            4 minutes, 2 M conversations a minute; draws bench/flood.svg
 *   npm run bench:flood -- --short fills the caps as fast as it goes, then 8 s at that rate
 *
 * Needs root, iproute2 and tcpreplay. Counts and the memory decide whether it fails, no time does.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { replayCapture } from '../captures/make/records.ts'
import { PcapWriter } from '../src/source/pcap-write.ts'
import { createNet, whyNoNet } from '../test/live/net.ts'
import { lastReports, lastSummary, type Row, startCapture } from '../test/live/running-capture.ts'
import { FRAMES_A_MOVE, hostileFrames } from './hostile.ts'
import { drawMemory, rssMbOf, type Sample, slopeOf } from './memory.ts'
import { sendFrames, sentBy } from './sending.ts'
import { disguise, loadTemplates, random } from './traffic.ts'

const short = process.argv.includes('--short')
/** Two million conversations a minute. */
const STEADY_PPS = Math.round((2_000_000 / 60) * FRAMES_A_MOVE)
/** Until the flow table is full, which has room for 1,048,576: pieces of this many frames, as many as it takes. */
const FILL = short ? { frames: 150_000, pps: 130_000, most: 14 } : null
const SECONDS = short ? 8 : 240
const REAL_PPS = 400
/** After the caps are reached, the garbage of having filled them may go. */
const SETTLING_S = short ? 1 : 20
/** The later half may not have more than this of the earlier half's most. */
const MOST_GROWTH = 1.05
const LEAST_JUDGED = 0.95
const DRAWING = new URL('./flood.svg', import.meta.url).pathname

/** Conversations of `captures/` under addresses of their own, in 10.0.0.0/8, for as long as the flood lasts. */
async function makeReal(file: string): Promise<Map<string, unknown>> {
  const templates = (await loadTemplates('captures')).filter(({ ipVersion }) => ipVersion === 4)
  const next = random(7)
  const writer = new PcapWriter(1)
  // Certificates are judged as of the day they are seen.
  const nowS = Math.floor(Date.now() / 1000)
  for (let flow = 0, frames = 0; frames < SECONDS * REAL_PPS; flow++) {
    const template = templates[flow % templates.length] as (typeof templates)[number]
    for (const [i, frame] of template.frames.entries()) {
      const us = flow * 20_000 + Math.min(template.offsets[i] as number, 10_000)
      writer.append(nowS + Math.floor(us / 1e6), us % 1e6, disguise(template, frame, flow, next))
    }
    frames += template.frames.length
  }
  writeFileSync(file, writer.take())
  return judgedOf((await replayCapture(file)).records)
}

/** Verdicts by both ends' addresses; conversations of which nothing can be known are none. */
function judgedOf(rows: readonly Row[]): Map<string, unknown> {
  const judged = lastReports(rows).filter(({ verdict }) => /^(strong|weak|plaintext)$/.test(String(verdict)))
  return new Map(judged.map((row) => [`${row['client_ip']} ${row['client_port']} ${row['server_ip']}`, row['verdict']]))
}

const NEEDLE = '"client_ip":"10.'
const LINE_FEED = 10

/** Counts the lines of a flood, and keeps those of real conversations. */
class Lines {
  count = 0
  readonly rows: Row[] = []
  #rest: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): void {
    const text = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const end = text.lastIndexOf(LINE_FEED) + 1
    this.#rest = Buffer.from(text.subarray(end))
    const lines = text.subarray(0, end)
    for (let at = lines.indexOf(LINE_FEED); at >= 0; at = lines.indexOf(LINE_FEED, at + 1)) this.count += 1
    for (let at = lines.indexOf(NEEDLE); at >= 0; ) {
      const from = lines.lastIndexOf(LINE_FEED, at) + 1
      const to = lines.indexOf(LINE_FEED, at)
      this.rows.push(JSON.parse(lines.toString('latin1', from, to)) as Row)
      at = lines.indexOf(NEEDLE, to)
    }
  }
}

const why = whyNoNet()
if (why !== null) {
  console.log(`flood bench skipped: ${why}`)
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'bench-flood-'))
const net = createNet()
const wrong: string[] = []
try {
  const file = join(folder, 'real.pcap')
  const wanted = await makeReal(file)
  const { sender, receiver } = net.pair()
  for (const end of [sender, receiver]) net.ip('link', 'set', end, 'mtu', '65521')
  const lines = new Lines()
  const options = ['--source', `afpacket:${receiver}`, '--format', 'jsonl', '--ring', '64']
  const capture = await startCapture(net, options, (chunk) => lines.take(chunk))
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}: ${SECONDS} s of flood`)
  console.log(
    `with ${wanted.size} real conversations in it\n\n    s  RSS MB     frames  flows evicted  openings evicted     lost`,
  )

  const samples: Sample[] = []
  let fullS: number | null = null
  let isOver = false
  const sampling = (async () => {
    for (let s = 0; !isOver && capture.child.exitCode === null && s < 2 * SECONDS + 60; s++) {
      const rssMb = rssMbOf(capture.child.pid as number)
      samples.push({ s, rssMb })
      capture.signal('SIGUSR1')
      const counts = lastSummary(capture.said)
      if (fullS === null && counts !== null && counts.flowsEvicted > 0 && counts.sessionsEvicted > 0) fullS = s
      const columns = [counts?.frames, counts?.flowsEvicted, counts?.sessionsEvicted, counts?.kernelDrops]
      const widths = [11, 15, 18, 9]
      const told = columns.map((value, i) => (value ?? 0).toLocaleString('en-US').padStart(widths[i] as number))
      if (short || s % 10 === 0) console.log(`${String(s).padStart(5)}${rssMb.toFixed(0).padStart(8)}${told.join('')}`)
      await sleep(1000)
    }
  })()
  const frames = hostileFrames(20_261_124)
  if (FILL !== null)
    for (let i = 0; i < FILL.most && fullS === null; i++) await sendFrames(net, sender, frames, FILL.frames, FILL.pps)
  const steady = sendFrames(net, sender, frames, SECONDS * STEADY_PPS, STEADY_PPS)
  await Promise.all([steady, net.replay(sender, [file], `--pps=${REAL_PPS}`)])
  const endS = samples.at(-1)?.s ?? 0
  await sleep(1000)
  isOver = true
  await sampling
  const sent = sentBy(net, sender)
  const { status, ms } = await capture.stop()
  const counts = lastSummary(capture.said)
  if (counts === null) throw new Error(`it said no summary: ${capture.said}`)

  const accounted = counts.frames + counts.kernelDrops + counts.interfaceDrops
  console.log(
    `\n${sent.toLocaleString('en-US')} frames sent, ${counts.frames.toLocaleString('en-US')} taken, ${counts.kernelDrops} lost`,
  )
  console.log(
    `${counts.flows.toLocaleString('en-US')} flows, ${lines.count.toLocaleString('en-US')} lines; ended in ${(ms / 1000).toFixed(1)} s`,
  )
  if (status !== 0)
    wrong.push(`it ended with status ${status}: ${capture.said.trim().split('\n').slice(-3).join(' | ')}`)
  if (accounted !== sent) wrong.push(`${accounted} frames are accounted for, of ${sent}`)
  if (lines.count !== counts.records) wrong.push(`${lines.count} lines for ${counts.records} records`)

  const got = judgedOf(lines.rows)
  const right = [...wanted].filter(([ends, verdict]) => got.get(ends) === verdict).length
  console.log(
    `${right} of ${wanted.size} real conversations judged as in their file (${((100 * right) / wanted.size).toFixed(1)} %)`,
  )
  for (const [ends, verdict] of [...wanted].filter(([ends, verdict]) => got.get(ends) !== verdict).slice(0, 5))
    console.log(`  ${ends}: ${verdict} in the file, ${got.get(ends) ?? 'nothing'} in the flood`)
  if (right < LEAST_JUDGED * wanted.size) wrong.push(`only ${right} of ${wanted.size} conversations were judged`)

  if (fullS === null) wrong.push('its caps were never reached')
  else {
    const from = fullS + SETTLING_S
    const full = samples.filter(({ s }) => s >= from && s <= endS)
    const half = Math.floor(full.length / 2)
    const most = (some: readonly Sample[]): number => Math.max(...some.map(({ rssMb }) => rssMb))
    const [before, after] = [most(full.slice(0, half)), most(full.slice(half))]
    console.log(`full after ${fullS} s; at the most ${before.toFixed(0)} MB, then ${after.toFixed(0)} MB`)
    console.log(`slope over the last ${full.length} s: ${slopeOf(full).toFixed(1)} MB a minute`)
    if (half < 2 || after > before * MOST_GROWTH)
      wrong.push(`memory grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB`)
    if (!short) {
      const title = `intransit capture in a flood of ${STEADY_PPS.toLocaleString('en-US')} frames a second`
      writeFileSync(DRAWING, drawMemory(title, samples, fullS, 'flow table full'))
    }
  }
} finally {
  net.close()
  rmSync(folder, { recursive: true })
}
for (const line of wrong) console.log(`WRONG: ${line}`)
if (wrong.length > 0) process.exitCode = 1
