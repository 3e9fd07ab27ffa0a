/** `intransit alert`: see findings, decide about them, and try whether receivers are reached. */
import { existsSync } from 'node:fs'
import { appendDecision } from '../alert/decisions.ts'
import type { Finding } from '../alert/index.ts'
import { StateFolder } from '../alert/state-folder.ts'
import { testEvents } from '../alert/test-events.ts'
import { SEVERITIES } from '../classify/policy.ts'
import { OperatorError } from '../core/errors.ts'
import { asciiJson, escapeBeyondAscii } from '../core/json.ts'
import { type DeadLetter, deadLettersIn, trySending } from '../notify/index.ts'
import { renderFindings } from '../report/alert-list.ts'
import { readAlertsFile } from './alert-config.ts'
import { alertFolderOf } from './live-folders.ts'
import { writeOut } from './terminal.ts'

interface FolderOptions {
  data?: string
  folder?: string
}

interface DecisionOptions extends FolderOptions {
  by: string
  reason: string
}

/** @throws OperatorError ERR_DATA_FOLDER */
export async function alertList(
  options: FolderOptions & { all?: boolean; dead?: boolean; json?: boolean },
): Promise<void> {
  const folder = folderOf(options)
  if (options.dead === true) {
    await writeOut(
      deadLettersIn(folder)
        .map((letter) => `${deadLine(letter, options.json === true)}\n`)
        .join(''),
    )
    return
  }
  const isOver = ({ state }: Finding): boolean => state === 'resolved' || state === 'dormant'
  const found = new StateFolder(folder).findings().filter((one) => options.all === true || !isOver(one))
  found.sort((a, b) => rankOf(a) - rankOf(b) || (a.opened_at < b.opened_at ? -1 : 1))
  const text = options.json === true ? found.map((one) => `${asciiJson(one)}\n`).join('') : renderFindings(found)
  await writeOut(text)
}

/** @throws OperatorError ERR_DATA_FOLDER, ERR_USAGE */
export function alertAck(key: string, options: DecisionOptions): void {
  const folder = folderOf(options)
  known(folder, key)
  appendDecision(folder, { do: 'ack', key, by: options.by, reason: options.reason })
}

/** @throws OperatorError ERR_DATA_FOLDER, ERR_USAGE */
export function alertSilence(key: string, options: DecisionOptions & { until: string }): void {
  const folder = folderOf(options)
  known(folder, key)
  const untilMs = Date.parse(options.until)
  if (Number.isNaN(untilMs)) {
    throw new OperatorError('ERR_USAGE', `--until ${options.until} is not a day`, 'write it as 2027-03-15')
  }
  const expires = new Date(untilMs).toISOString()
  appendDecision(folder, { do: 'silence', key, by: options.by, reason: options.reason, expires })
}

/** Returns the exit status: 0 when each receiver took what it was sent. @throws OperatorError ERR_USAGE */
export async function alertTest(file: string): Promise<number> {
  const { receivers } = readAlertsFile(file)
  const events = testEvents(Date.now() * 1000)
  const outcomes = await Promise.all(receivers.map((options) => trySending(options, events)))
  const lines = receivers.map(({ name, kind }, at) => `${name} (${kind}): ${outcomes[at] ?? 'taken'}\n`)
  await writeOut(receivers.length === 0 ? 'The file is valid, and names no receiver.\n' : lines.join(''))
  return outcomes.every((outcome) => outcome === null) ? 0 : EXIT_NOT_TAKEN
}

const EXIT_NOT_TAKEN = 1

const rankOf = ({ severity }: Finding): number => SEVERITIES.indexOf(severity)

/** None is made by asking. */
function folderOf({ folder, data }: FolderOptions): string {
  const path = folder ?? alertFolderOf({ data })
  if (existsSync(path)) return path
  const fix = 'look for alerts first, with --alerts of run, capture or replay, or name the folder that they keep'
  throw new OperatorError('ERR_DATA_FOLDER', `${path} is not there: no alerts were looked for`, fix)
}

function known(folder: string, key: string): void {
  if (new StateFolder(folder).findings().some((finding) => finding.key === key)) return
  throw new OperatorError('ERR_USAGE', `there is no finding ${key}`, 'take a key from intransit alert list')
}

const deadLine = (letter: DeadLetter & { receiver: string }, isJson: boolean): string => {
  if (isJson) return asciiJson(letter)
  const keys = letter.message.events.map(({ kind, finding }) => `${kind} ${finding.key}`)
  return escapeBeyondAscii(`${letter.died_at} ${letter.receiver}: ${letter.why}: ${keys.join(', ')}`)
}
