/** What happened to findings, on its way to people: grouped, queued on disk, delivered at least once. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Finding, FindingEvent } from '../alert/index.ts'
import { SEVERITIES } from '../classify/policy.ts'
import { OperatorError } from '../core/errors.ts'
import { isOver } from './alertmanager-body.ts'
import { Courier, PATIENCE, type Patience } from './courier.ts'
import { alertmanager } from './kinds/alertmanager.ts'
import { file } from './kinds/file.ts'
import { pagerduty } from './kinds/pagerduty.ts'
import { slack } from './kinds/slack.ts'
import { syslogCef } from './kinds/syslog-cef.ts'
import { webhook } from './kinds/webhook.ts'
import { type DeadLetter, Queue, readDeadLetters } from './queue.ts'
import type { Message, ReceiverKind, ReceiverOptions } from './receiver.ts'

export type { DeadLetter } from './queue.ts'
export type { ReceiverOptions } from './receiver.ts'

/** THE TABLE. */
export const RECEIVER_KINDS: readonly ReceiverKind[] = [webhook, alertmanager, slack, pagerduty, syslogCef, file]

/** Events wait so long for others of the same rule. */
const GROUP_MS = 300
const REMIND_MS = 60_000
/** More go in another message. */
const MAX_EVENTS = 100

export class Notifier {
  couriers: readonly Courier[]
  readonly #courierOf: (options: ReceiverOptions) => Courier
  readonly #active: () => readonly Finding[]
  readonly #reminder: NodeJS.Timeout
  #gathered: FindingEvent[] = []
  #timer: NodeJS.Timeout | null = null
  #work: Promise<void> = Promise.resolve()

  /** `active`: the findings that are open now. @throws OperatorError ERR_USAGE, ERR_DATA_FOLDER */
  constructor(
    receivers: readonly ReceiverOptions[],
    folder: string,
    active: () => readonly Finding[],
    say: (text: string) => void,
    patience: Patience = PATIENCE,
    remindMs = REMIND_MS,
  ) {
    this.#active = active
    this.#courierOf = (options) =>
      new Courier(kindOf(options), options, new Queue(queueFolder(folder, options.name)), say, patience)
    this.couriers = receivers.map(this.#courierOf)
    this.#reminder = setInterval(() => void this.#remind(), remindMs)
    this.#reminder.unref()
  }

  tell(events: readonly FindingEvent[]): void {
    if (events.length === 0 || this.couriers.length === 0) return
    this.#gathered.push(...events)
    this.#timer ??= setTimeout(() => void this.flush(), GROUP_MS)
  }

  /** Everything told before is on disk, for each receiver, when it resolves. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const events = this.#gathered
    this.#gathered = []
    this.#work = this.#work.then(() => this.#handOn(events))
    return this.#work
  }

  /** From now on to these. What waits for one that stays is carried on, also under other options. @throws OperatorError ERR_USAGE */
  change(receivers: readonly ReceiverOptions[]): Promise<void> {
    checkReceivers(receivers)
    this.#work = this.#work.then(() => this.#change(receivers))
    return this.#work
  }

  /** What was not taken by then waits on disk for the next run. */
  async close(): Promise<void> {
    clearInterval(this.#reminder)
    await this.flush()
    await Promise.all(this.couriers.map((courier) => courier.close()))
  }

  async #change(receivers: readonly ReceiverOptions[]): Promise<void> {
    const same = (options: ReceiverOptions) => this.couriers.find((one) => isDeepStrictEqual(one.options, options))
    const staying = new Set(receivers.map(same))
    // A queue has one courier at a time.
    await Promise.all(this.couriers.filter((one) => !staying.has(one)).map((one) => one.close()))
    this.couriers = receivers.map((options) => same(options) ?? this.#courierOf(options))
  }

  async #handOn(events: readonly FindingEvent[]): Promise<void> {
    for (const courier of this.couriers) {
      const wanted = events.filter((event) => isFor(event, courier.options))
      for (const message of messagesOf(wanted)) await courier.take(message)
    }
  }

  async #remind(): Promise<void> {
    const active = this.#active()
    for (const courier of this.couriers) {
      await courier.remind(active.filter((finding) => isTold(finding, courier.options)))
    }
  }
}

const queueFolder = (folder: string, receiver: string): string => join(folder, 'queue', receiver)

/** What receivers did not take and was given up, of all queues in `folder`. */
export function deadLettersIn(folder: string): (DeadLetter & { receiver: string })[] {
  const queues = join(folder, 'queue')
  const receivers = existsSync(queues) ? readdirSync(queues) : []
  return receivers.flatMap((receiver) =>
    readDeadLetters(queueFolder(folder, receiver)).map((letter) => ({ receiver, ...letter })),
  )
}

/** One attempt for each event; null = taken, else why not. @throws OperatorError ERR_USAGE */
export async function trySending(options: ReceiverOptions, events: readonly FindingEvent[]): Promise<string | null> {
  const kind = kindOf(options)
  for (const event of events) {
    const outcome = await kind.send(messageOf([event]), options)
    if (outcome.kind !== 'taken') return outcome.why
  }
  return null
}

/** @throws OperatorError ERR_USAGE */
export function checkReceivers(receivers: readonly ReceiverOptions[]): void {
  receivers.forEach(kindOf)
  const names = receivers.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw new OperatorError('ERR_USAGE', `two receivers are called ${twice}`, 'give each a name of its own')
}

/** @throws OperatorError ERR_USAGE */
function kindOf(options: ReceiverOptions): ReceiverKind {
  const kind = RECEIVER_KINDS.find((one) => one.kind === options.kind)
  const fix = `it is one of: ${RECEIVER_KINDS.map((one) => one.kind).join(', ')}`
  if (kind === undefined) throw new OperatorError('ERR_USAGE', `there is no receiver "${options.kind}"`, fix)
  if (!/^[\w-]{1,64}$/.test(options.name)) {
    throw new OperatorError('ERR_USAGE', `"${options.name}" is no name of a receiver`, 'use letters, digits, _ and -')
  }
  const missing = kind.needs.find((names) => names.every((name) => options[name] === undefined))
  if (missing === undefined) return kind
  const what = `receiver ${options.name} (${kind.kind}) needs one of: ${missing.join(', ')}`
  throw new OperatorError('ERR_USAGE', what, 'see docs/alerts.md')
}

const isTold = (finding: Finding, options: ReceiverOptions): boolean =>
  finding.exception === null && isSevere(finding, options)

const isSevere = ({ severity }: Finding, { from }: ReceiverOptions): boolean =>
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(from)

/** Who was told that it began is told that it is over, though it was silenced meanwhile. */
const isFor = (event: FindingEvent, options: ReceiverOptions): boolean =>
  isTold(event.finding, options) || (event.wasTold === true && isOver(event) && isSevere(event.finding, options))

/** By rule, and by whether it begins or ends. */
function messagesOf(events: readonly FindingEvent[]): Message[] {
  const groups = new Map<string, FindingEvent[]>()
  for (const event of events) {
    const key = `${event.finding.rule} ${isOver(event)}`
    const group = groups.get(key) ?? []
    group.push(event)
    groups.set(key, group)
  }
  return [...groups.values()].flatMap((group) => {
    const parts: Message[] = []
    for (let at = 0; at < group.length; at += MAX_EVENTS) parts.push(messageOf(group.slice(at, at + MAX_EVENTS)))
    return parts
  })
}

function messageOf(events: readonly FindingEvent[]): Message {
  const what = events.map(({ kind, at, finding }) => `${kind} ${at} ${finding.key}`).join('\n')
  return {
    id: createHash('sha256').update(what).digest('hex').slice(0, 32),
    status: events.every(isOver) ? 'resolved' : 'firing',
    events,
  }
}
