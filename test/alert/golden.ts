/** Records of the shipped captures, as their goldens have them. */
import { readFileSync } from 'node:fs'
import type { FlowRecord } from '../../src/alert/index.ts'

export const goldenFlows = (capture: string): FlowRecord[] =>
  JSON.parse(readFileSync(new URL(`../../captures/${capture}.json`, import.meta.url), 'utf8')).records
