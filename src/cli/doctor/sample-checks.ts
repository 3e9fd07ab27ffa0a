/** What the counts of a sample mean. */
import { bytes, count, percent, ratio } from '../../report/format.ts'
import { type Finding, fail, interfaceOf, isReadOnce, ok, type Planned, skipped, warn } from './finding.ts'
import type { Sample } from './sample.ts'

/** From which share on it is a warning, and from which on the capture is worth little. */
interface Bounds {
  readonly warn: number
  readonly fail: number
}

/** A few conversations are always caught at the edge of a sample; a mirror of one direction leaves nothing two-sided. */
const ONE_SIDED: Bounds = { warn: 0.05, fail: 0.5 }
/** Long frames are cut first, and those are the ones with certificates. */
const TRUNCATED: Bounds = { warn: 0.001, fail: 0.1 }
const DROPPED: Bounds = { warn: Number.MIN_VALUE, fail: 0.01 }
const UNDECODED: Bounds = { warn: 0.01, fail: 0.5 }
/** TCP loses some on its way, and sends it again; nothing of it is sent again for a mirror that samples. */
const HOLES: Bounds = { warn: 0.01, fail: 0.2 }
/** Put in order again: it costs memory and time. */
const REORDERED: Bounds = { warn: 0.01, fail: Number.POSITIVE_INFINITY }
/** Told, but read as retransmissions: nothing is judged wrongly for it. */
const DUPLICATES: Bounds = { warn: 0.05, fail: Number.POSITIVE_INFINITY }

type SampleCheck = (source: string, planned: Planned) => Promise<Finding>

/** Looks at the sample, when there is one. */
const ofSample =
  (look: (sample: Sample, source: string, planned: Planned) => Finding): SampleCheck =>
  async (source, planned) => {
    if (isReadOnce(source)) return skipped('a sample would take its bytes from the capture')
    const taken = planned.sampleOf(source)
    if (taken === null) return skipped('no sample was asked for (--sample)')
    // Why it cannot be opened is what `opens` tells.
    const sample = await taken.catch(() => null)
    return sample === null ? skipped('no sample could be taken') : look(sample, source, planned)
  }

function judged(part: number, whole: number, { warn: some, fail: much }: Bounds, text: string, fix: string): Finding {
  const share = ratio(part, whole) ?? 0
  if (share >= much) return fail(text, fix)
  return share >= some ? warn(text, fix) : ok(text)
}

export const frames = ofSample(({ frames: seen, ms }, source) =>
  seen > 0
    ? ok(`${count(seen)} frames in ${(ms / 1000).toFixed(0)} s`)
    : warn(
        `not one frame in ${(ms / 1000).toFixed(0)} s`,
        interfaceOf(source) === null
          ? 'see that the mirror is on, sends here, and is let through by firewalls and security groups'
          : `see that the mirror is on and ends at this interface: tcpdump -ni ${interfaceOf(source)}`,
      ),
)

export const drops = ofSample(
  ({ frames: seen, drops: { kernel, interface: card } }, source, { ring: { ringBytes } }) => {
    const all = kernel + seen
    if (kernel === 0 && card > 0)
      return warn(
        `0 of ${count(all)} frames lost in the kernel, ${count(card)} before it: the card or its driver had no room`,
        `give the card larger rings: ethtool -g ${interfaceOf(source) ?? 'IFACE'} says how large they may be`,
      )
    const more = ringBytes === null ? '' : ` than ${bytes(ringBytes)}`
    return judged(
      kernel,
      all,
      DROPPED,
      `${count(kernel)} of ${count(all)} frames lost in the kernel`,
      `give more${more} with --ring, --workers for each core, or a --filter`,
    )
  },
)

export const oneSided = ofSample(({ conversations, oneSided: alone }) => {
  if (conversations === 0) return skipped('no TCP conversation was seen')
  return judged(
    alone,
    conversations,
    ONE_SIDED,
    `${count(alone)} of ${count(conversations)} TCP conversations (${percent(alone / conversations)}) with one direction only` +
      (alone === 0 ? '' : ': what both sides agreed on is not seen in them'),
    'mirror both directions (ingress and egress, rx and tx) into one sensor, or all paths of an asymmetric route',
  )
})

export const truncated = ofSample(({ frames: seen, truncated: cut }) => {
  if (seen === 0) return skipped('no frame was seen')
  return judged(
    cut,
    seen,
    TRUNCATED,
    `${count(cut)} of ${count(seen)} frames (${percent(cut / seen)}) cut before they came here` +
      (cut === 0 ? '' : ': certificates and hellos in them are lost'),
    `mirror frames whole (no packet length, no slice), and see that the way here has an MTU 54 bytes larger`,
  )
})

export const duplicates = ofSample(({ segments, duplicates: twice }) => {
  if (segments === 0) return skipped('no TCP payload was seen')
  return judged(
    twice,
    segments,
    DUPLICATES,
    `${count(twice)} of ${count(segments)} TCP segments (${percent(twice / segments)}) came twice`,
    'mirror each conversation once: at one port of its way, or in one direction of each port (rx only)',
  )
})

export const holes = ofSample(({ streamBytes, missingBytes, drops: { kernel } }) => {
  const all = streamBytes + missingBytes
  if (all === 0) return skipped('no TCP payload was seen twice in one direction')
  const share = missingBytes / all
  const what = `${bytes(missingBytes)} of ${bytes(all)} (${percent(share)}) missing inside of TCP streams`
  if (kernel > 0) return judged(missingBytes, all, HOLES, what, 'see first to the frames that the kernel lost here')
  const oneIn = Math.round(1 / (1 - share))
  return judged(
    missingBytes,
    all,
    HOLES,
    share < HOLES.warn
      ? what
      : `${what}, and nothing lost here: the mirror ${oneIn > 1 ? `samples (one packet of ${oneIn}, it seems) or loses` : 'loses'} frames`,
    'mirror every packet, without sampling, over a port that is faster than what it mirrors',
  )
})

export const reordered = ofSample(({ segments, reordered: late }) => {
  if (segments === 0) return skipped('no TCP payload was seen')
  return judged(
    late,
    segments,
    REORDERED,
    `${count(late)} of ${count(segments)} TCP segments (${percent(late / segments)}) behind a later one`,
    'it is put in order again; to spare that, mirror by one way, without a balancer of packets between',
  )
})

export const decoded = ofSample(({ frames: seen, undecoded }) => {
  if (seen === 0) return skipped('no frame was seen')
  return judged(
    undecoded,
    seen,
    UNDECODED,
    `${count(undecoded)} of ${count(seen)} frames (${percent(undecoded / seen)}) not decoded`,
    'see what they are with tshark; an encapsulation that we do not read has to be taken off before',
  )
})
