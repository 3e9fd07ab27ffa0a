/** The tables of capture formats and compressions, and how a name becomes a source. */
import { OperatorError } from '../core/errors.ts'
import { type ByteInput, StreamInput, UnreadInput } from './byte-input.ts'
import { ByteWindow } from './byte-window.ts'
import { CaptureSource } from './capture-source.ts'
import type { CaptureFormat } from './format.ts'
import { GunzipInput } from './gzip-input.ts'
import { expandPaths } from './list-sources.ts'
import { type OpenedInput, openInput } from './open-input.ts'
import { pcap } from './pcap.ts'
import { pcapng } from './pcapng.ts'
import { noDrops, type Source, type SourceStats } from './source.ts'
import { isZstd, ZstdInput } from './zstd-input.ts'

/** A way a capture may be packed, told by its first bytes and never by its name. */
interface Compression {
  readonly name: string
  matches(head: Uint8Array, end: number): boolean
  open(raw: ByteInput): ByteInput
}

const FORMATS: readonly CaptureFormat[] = [pcap, pcapng]
const COMPRESSIONS: readonly Compression[] = [
  {
    name: 'gzip',
    matches: (head, end) => end >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8, // RFC 1952 §2.3.1
    open: (raw) => new GunzipInput(raw),
  },
  { name: 'zstd', matches: isZstd, open: (raw) => new ZstdInput(raw) },
]

const WINDOW_BYTES = 128 * 1024
const SNIFF_BYTES = 4096
/** Enough of a file to tell every compression, and every format. */
const COMPRESSION_MAGIC_BYTES = 4
const FORMAT_MAGIC_BYTES = 12

const KNOWN_FORMATS = 'give a pcap or pcapng file, plain or compressed with gzip or zstd'

/**
 * Opens a capture file, a FIFO, or standard input by the name "-".
 * @throws OperatorError ERR_SOURCE_NOT_FOUND, ERR_SOURCE_PERMISSION or ERR_SOURCE_FORMAT; once open, nothing throws
 */
export async function openSource(name: string, stdin: NodeJS.ReadableStream = process.stdin): Promise<Source> {
  const opened: OpenedInput = name === '-' ? { input: new StreamInput(stdin), size: null } : openInput(name)
  try {
    return await startSource(name, opened)
  } catch (error) {
    await opened.input.close()
    throw error
  }
}

/**
 * Files and "-" as they are, folders as the captures in and below them, sorted.
 * @throws OperatorError ERR_SOURCE_NOT_FOUND for a missing path or a folder without any capture, ERR_SOURCE_PERMISSION
 */
export const listSources = (paths: string[]): Promise<string[]> => expandPaths(paths, isCapture)

/**
 * The capture in bytes that are open already; `skippedBlocks` may be shared by several. Closes nothing when it throws.
 * @throws OperatorError ERR_SOURCE_FORMAT
 */
export async function startSource(
  name: string,
  { input, size }: OpenedInput,
  skippedBlocks: Record<string, number> = {},
): Promise<Source> {
  const window = await unpack(input, WINDOW_BYTES)
  const format = await recognise(window)
  if (format === undefined) throw notACapture(name, window)
  if (!(await window.ensure(format.headerBytes(window.buf)))) throw headerCutOff(name, format, window)
  const stats: SourceStats = { bytesRead: window.input.rawBytes, frames: 0, skippedBlocks, drops: noDrops() }
  const started = format.reader(window.buf, stats.skippedBlocks)
  if (typeof started === 'string') throw formatError(`${name} is not a readable ${format.name} file: ${started}`)
  window.at = started.at
  return new CaptureSource(name, size, window, started.reader, stats)
}

/** A window over the input, or over what a decompressor makes of it. */
async function unpack(input: ByteInput, windowBytes: number): Promise<ByteWindow> {
  const window = new ByteWindow(input, windowBytes)
  await window.ensure(COMPRESSION_MAGIC_BYTES)
  const compression = COMPRESSIONS.find((row) => row.matches(window.buf, window.end))
  if (compression === undefined) return window
  const whole = new UnreadInput(window.buf.slice(0, window.end), input)
  return new ByteWindow(compression.open(whole), windowBytes)
}

async function recognise(window: ByteWindow): Promise<CaptureFormat | undefined> {
  await window.ensure(FORMAT_MAGIC_BYTES)
  return FORMATS.find((row) => row.matches(window.buf, window.end))
}

/** Does the file open like a capture? A file that cannot be read counts as one, so that opening it says why. */
export async function isCapture(path: string): Promise<boolean> {
  let opened: OpenedInput
  try {
    opened = openInput(path)
  } catch {
    return true
  }
  const window = await unpack(opened.input, SNIFF_BYTES)
  const format = await recognise(window)
  await window.input.close()
  return format !== undefined
}

function notACapture(name: string, { buf, end, input }: ByteWindow): OperatorError {
  if (input.failure !== null) return formatError(`${name} cannot be read as a capture: ${input.failure}`)
  if (end === 0) return formatError(`${name} is empty`)
  const head = Buffer.from(buf.subarray(0, Math.min(end, FORMAT_MAGIC_BYTES))).toString('hex')
  return formatError(`${name} is not a capture: its first bytes are ${head}`)
}

function headerCutOff(name: string, format: CaptureFormat, { end, input }: ByteWindow): OperatorError {
  return formatError(
    `${name} is cut off inside its ${format.name} file header, after ${end} bytes${input.failure ? `: ${input.failure}` : ''}`,
  )
}

const formatError = (what: string): OperatorError => new OperatorError('ERR_SOURCE_FORMAT', what, KNOWN_FORMATS)
