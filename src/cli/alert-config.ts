/** The file after --alerts: what to alert of, and whom (docs/alerts.md). */
import * as z from 'zod'
import { type AlertConfig, createAlertEngine } from '../alert/index.ts'
import { asksForPostQuantum, loadPolicy } from '../classify/index.ts'
import { SEVERITIES } from '../classify/policy.ts'
import { checkReceivers, type ReceiverOptions } from '../notify/index.ts'
import { readYamlFile } from './yaml-file.ts'

const text = z.string().min(1)
const texts = z.array(text).min(1)
const severity = z.enum(SEVERITIES)
const time = z.union([z.iso.date(), z.iso.datetime()])

const SELECTOR = z
  .strictObject({
    servers: texts,
    clients: texts,
    ports: z.array(z.int().min(0).max(65_535)).min(1),
    names: texts,
    sensors: texts,
  })
  .partial()

const RULE = z
  .strictObject({
    off: z.boolean(),
    severity,
    settings: z.record(text, z.number()),
    only: SELECTOR,
    allow_spki: texts,
    elb_ranges: texts,
  })
  .partial()

/** An exception without an owner, a reason and an end is none. */
const SUPPRESSION = z.strictObject({
  rules: texts.optional(),
  where: SELECTOR,
  owner: text,
  reason: text,
  expires: time,
})

const RECEIVER = z.strictObject({
  kind: text,
  name: text,
  from: severity.default('medium'),
  url: text.optional(),
  url_file: text.optional(),
  url_env: text.optional(),
  secret_file: text.optional(),
  secret_env: text.optional(),
  ca_file: text.optional(),
  cert_file: text.optional(),
  key_file: text.optional(),
  allow: texts.optional(),
  path: text.optional(),
})

const ALERTS = z.strictObject({
  folder: text.optional(),
  zones: z.record(text, texts).default({}),
  rules: z.record(text, RULE).default({}),
  suppressions: z.array(SUPPRESSION).default([]),
  receivers: z.array(RECEIVER).default([]),
})

export interface AlertsFile {
  /** Null = beside the data. */
  readonly folder: string | null
  readonly config: AlertConfig
  readonly receivers: readonly ReceiverOptions[]
}

/** `policies`: names of the packs by which flows are judged. @throws OperatorError ERR_USAGE */
export function readAlertsFile(file: string, policies: readonly string[] = []): AlertsFile {
  const read = readYamlFile(file, ALERTS, {
    what: 'the configuration of alerts',
    whose: 'alerts',
    fix: 'write it as docs/alerts.md says',
  })
  const { folder, zones, rules, suppressions, receivers } = read
  const alerts: AlertsFile = {
    folder: folder ?? null,
    config: { zones, rules, suppressions, isPostQuantumAsked: isPostQuantumAskedBy(policies) } as AlertConfig,
    receivers: receivers as ReceiverOptions[],
  }
  // Mistakes are told before anything is opened.
  createAlertEngine(alerts.config)
  checkReceivers(alerts.receivers)
  return alerts
}

export const isPostQuantumAskedBy = (policies: readonly string[]): boolean =>
  policies.some((name) => asksForPostQuantum(loadPolicy(name)))
