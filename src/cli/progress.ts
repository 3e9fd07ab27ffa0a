/** How far a replay has come. */
export interface Progress {
  /** Bytes of capture files read, frames decoded, flows started; all in total. */
  update(bytesRead: number, frames: number, flows: number): void
  stop(): void
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined }

/** Milliseconds between two drawings. */
const REDRAW_MS = 100

/** A bar on standard error where that is a terminal whose cursor can move; `total` is null when a stream is read. */
export async function startProgress(
  total: number | null,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Progress> {
  if (stream.isTTY !== true || process.env['TERM'] === 'dumb') return SILENT
  const { default: cliProgress } = await import('cli-progress')
  const bar = new cliProgress.SingleBar({
    stream,
    format: total === null ? FORMAT_STREAM : FORMAT_FILES,
    hideCursor: true,
    clearOnComplete: true,
    barsize: 20,
    fps: 1000 / REDRAW_MS,
  })
  const started = Date.now()
  bar.start(Math.max(total ?? 1, 1), 0, { read: '0 B', rate: '0', flows: '0' })
  let drawn = 0
  return {
    update(bytesRead, frames, flows) {
      const now = Date.now()
      if (now - drawn < REDRAW_MS) return
      drawn = now
      const rate = (frames * 1000) / Math.max(now - started, 1)
      const shown = { read: bytesText(bytesRead), rate: countText(rate), flows: countText(flows) }
      bar.update(total === null ? 0 : Math.min(bytesRead, total), shown)
    },
    stop: () => bar.stop(),
  }
}

const FORMAT_FILES = '{bar} {percentage}% {read} | {rate} packets/s | {flows} flows'
const FORMAT_STREAM = '{read} | {rate} packets/s | {flows} flows'

const bytesText = (bytes: number): string => `${countText(bytes)}B`

/** Three significant digits and an SI prefix: "1.21 M". */
function countText(value: number): string {
  const step = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), 4)
  const scaled = value / 1000 ** step
  return `${scaled >= 100 || step === 0 ? Math.round(scaled) : scaled.toPrecision(3)} ${['', 'k', 'M', 'G', 'T'][step]}`
}
