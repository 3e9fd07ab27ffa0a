/** THE TABLE of commands, in the order in which the help lists them. */
import type { Command } from 'commander'
import { addAlert } from './alert.ts'
import { addCapture } from './capture.ts'
import { addCertificates } from './certificates.ts'
import { addReplay } from './replay.ts'
import { addRules } from './rules.ts'
import { addServe } from './serve.ts'
import { addStore } from './store.ts'

export const COMMANDS: readonly ((program: Command, version: string) => void)[] = [
  addReplay,
  addCapture,
  addServe,
  addStore,
  addCertificates,
  addAlert,
  addRules,
]
