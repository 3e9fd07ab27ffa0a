/** Suppressions: what is accepted, by whom, why, and until when. */
import { OperatorError } from '../core/errors.ts'
import type { Selector, Suppression } from './config.ts'
import type { Detector } from './detector.ts'
import type { Exception } from './finding.ts'
import type { Flow } from './flow.ts'
import { compileSelector, meansSensor } from './selector.ts'

interface Compiled {
  readonly rules: ReadonlySet<string> | null
  readonly means: (flow: Flow) => boolean
  readonly where: Selector
  readonly untilUs: number
  readonly exception: Exception
}

/** One finding silenced by an operator while it runs. */
interface Silence {
  readonly untilUs: number
  readonly exception: Exception
}

const MAX_SILENCES = 10_000

export class Exceptions {
  #suppressions: readonly Compiled[] = []
  readonly #silences = new Map<string, Silence>()

  /** These and no others; silences stay. @throws OperatorError ERR_USAGE */
  suppress(table: readonly Detector[], suppressions: readonly Suppression[]): void {
    this.#suppressions = suppressions.map((one) => compile(table, one))
  }

  silence(key: string, exception: Exception): void {
    this.#silences.delete(key)
    const [oldest] = this.#silences.keys()
    if (this.#silences.size >= MAX_SILENCES && oldest !== undefined) this.#silences.delete(oldest)
    this.#silences.set(key, { untilUs: Date.parse(exception.expires) * 1000, exception })
  }

  get isEmpty(): boolean {
    return this.#suppressions.length === 0 && this.#silences.size === 0
  }

  /** Of a flow, or of an interval of a sensor; null = nothing accepts it now. */
  of(row: Detector, subject: string, seen: Flow | string, nowUs: number): Exception | null {
    const silence = this.#silences.size === 0 ? undefined : this.#silences.get(`${row.id}|${subject}`)
    if (silence !== undefined && nowUs < silence.untilUs) return silence.exception
    const found = this.#suppressions.find(({ rules, means, where, untilUs }) => {
      if (nowUs >= untilUs || (rules !== null && !rules.has(row.id))) return false
      return typeof seen === 'string' ? meansSensor(where, seen) : means(seen)
    })
    return found?.exception ?? null
  }
}

function compile(table: readonly Detector[], { rules, where, owner, reason, expires }: Suppression): Compiled {
  const untilUs = Date.parse(expires) * 1000
  if (Number.isNaN(untilUs)) throw wrong(`"${expires}" is not a time`, 'write it as 2027-03-15')
  return {
    rules: rules === undefined ? null : new Set(rules.map((rule) => findRow(table, rule).id)),
    means: compileSelector(where),
    where,
    untilUs,
    exception: { owner, reason, expires },
  }
}

/** By id or name. @throws OperatorError ERR_USAGE */
export function findRow(table: readonly Detector[], rule: string): Detector {
  const row = table.find(({ id, name }) => id === rule || name === rule)
  if (row !== undefined) return row
  throw wrong(`there is no rule "${rule}"`, 'use an id or a name of docs/alerts.md')
}

const wrong = (what: string, fix: string): OperatorError => new OperatorError('ERR_USAGE', what, fix)
