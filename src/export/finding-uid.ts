import { createHash } from 'node:crypto'
import { endpointOf } from './fail-on.ts'
import type { Finding } from './findings.ts'

/** The same for the same rule and endpoint, in every run. */
export const findingUid = ({ violation, subject }: Finding): string =>
  createHash('sha256')
    .update(`${violation} ${subject.transport} ${endpointOf(subject)}`)
    .digest('hex')
    .slice(0, 32)
