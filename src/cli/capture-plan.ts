/** What a capture is told to do, read and checked before anything is opened. */

import { allOf, throwAll } from '../core/mistakes.ts'
import type { ZoneRange } from '../core/zones.ts'
import type { RevocationLists } from '../trust/revocation.ts'
import { type AlertsFile, readAlertsFile } from './alert-config.ts'
import type { CaptureJob } from './capture-job.ts'
import { jobsOf } from './capture-jobs.ts'
import { type CaptureOptions, MAX_DURATION_S, MAX_SPOOL_MIB, MIB } from './capture-options.ts'
import { isConfigured } from './config/asked.ts'
import { existingAccount } from './privileges.ts'
import { givenLists } from './root-files.ts'
import { wholeNumber } from './whole-number.ts'

export interface CapturePlan {
  readonly options: CaptureOptions
  /** The options as they would be now: reads the file again. @throws OperatorError ERR_USAGE */
  readonly read: () => CaptureOptions
  readonly jobs: readonly CaptureJob[]
  /** Null = those that the store has. */
  readonly zones: readonly ZoneRange[] | null
  readonly alerts: AlertsFile | null
  readonly lists: RevocationLists
  readonly spoolBytes: number
  /** Null = until a signal. */
  readonly durationMs: number | null
}

/**
 * `isGiven` = on the command line, and not chosen for want of anything else. `isServed`: a server beside it judges by the
 * lists as well. @throws OperatorError with the mistakes of the command line, the environment and the file
 */
export async function planCapture(
  given: CaptureOptions,
  isGiven: (name: string) => boolean,
  isServed = false,
): Promise<CapturePlan> {
  const { options, read, mistakes } = await optionsOf(given, isGiven)
  const [, [zones, jobs], alerts, lists, spoolMib, , durationS] = await allOf(
    () => throwAll(mistakes),
    () => zonesAndJobsOf(options),
    () => (options.alerts === undefined ? null : readAlertsFile(options.alerts, options.policy)),
    () => givenLists(options, isServed),
    () => wholeNumber('--spool-size', options.spoolSize, MAX_SPOOL_MIB),
    () => (options.user === undefined ? null : existingAccount(options.user)),
    () => (options.duration === undefined ? null : wholeNumber('--duration', options.duration, MAX_DURATION_S)),
  )
  return {
    ...{ options, read, zones, jobs, alerts, lists },
    spoolBytes: spoolMib * MIB,
    durationMs: durationS === null ? null : durationS * 1000,
  }
}

/** The command line's, then the environment's, then the file's, then what is chosen where none says anything. */
async function optionsOf(given: CaptureOptions, isGiven: (name: string) => boolean) {
  const file = given.config ?? null
  if (!isConfigured(given.config)) return { options: given, read: () => given, mistakes: [] }
  const { lookAtCapture, withConfig } = await import('./config/with-config.ts')
  return { ...lookAtCapture(given, file, isGiven), read: () => withConfig(given, file, isGiven) }
}

/** Mistakes in both are told. */
async function zonesAndJobsOf(options: CaptureOptions): Promise<[readonly ZoneRange[] | null, CaptureJob[]]> {
  const [zones] = await allOf(
    async () => (options.zones === undefined ? null : (await import('./zones.ts')).zonesOf(options.zones)),
    () => jobsOf(options),
  )
  return [zones, await jobsOf(options, zones ?? [])]
}
