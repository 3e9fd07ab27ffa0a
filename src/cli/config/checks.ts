/** What a value must be beyond its type. A file that it names is read. */

import { readTokens } from '../../api/tokens.ts'
import { loadPolicy } from '../../classify/index.ts'
import { OperatorError } from '../../core/errors.ts'
import { mistakesOf } from '../../core/mistakes.ts'
import { compileFilter } from '../../decode/filter.ts'
import { probeList } from '../../probe/target.ts'
import { liveKindOf } from '../../source/live.ts'
import { readAlertsFile } from '../alert-config.ts'
import { ringOf } from '../capture-ring.ts'
import { fetchLimits } from '../fetch-options.ts'
import { existingAccount } from '../privileges.ts'
import { readRevocationLists, readRoots } from '../root-files.ts'
import { parseClientRole, readAuthorities } from '../serve-clients.ts'
import { parseOidcRole, readOidcKeys } from '../serve-oidc.ts'
import { listenOf, readPem } from '../serve-secrets.ts'
import { parseVpcs } from '../vpc.ts'
import { readZones } from '../zones.ts'
import type { Told } from './read-config.ts'

type Check = (value: string) => unknown

/** Of a list each element is checked. */
const CHECKS: Readonly<Record<string, Check>> = {
  source: liveKindOf,
  policy: loadPolicy,
  filter: compileFilter,
  vpc: (word) => parseVpcs([word]),
  zones: readZones,
  alerts: readAlertsFile,
  crl: (place) => readRevocationLists([place]),
  'ring-block-size': (ringBlockSize) => ringOf({ ringBlockSize }, [], 1),
  user: existingAccount,
  'serve.listen': listenOf,
  'serve.tls-cert': readPem,
  'serve.tls-key': readPem,
  'serve.tokens': readTokens,
  'serve.oidc-keys': readOidcKeys,
  'serve.oidc-role': parseOidcRole,
  'serve.client-ca': readAuthorities,
  'serve.client-role': parseClientRole,
  'serve.roots': (place) => readRoots([place]),
  'serve.crl': (place) => readRevocationLists([place]),
  'serve.probe-allow': (word) => probeList('--probe-allow', [word]),
  'serve.probe-deny': (word) => probeList('--probe-deny', [word]),
  'serve.fetch-allow': (range) => fetchLimits({ fetchAllow: [range] }),
}

/** With the place where each is said. */
export const mistakesBeyondType = (told: readonly Told[]): OperatorError[] =>
  told.flatMap(({ setting, value, place }) => {
    const check = CHECKS[setting.path.join('.')]
    return check === undefined ? [] : wordsOf(value).flatMap((word) => mistakesWith(check, word, place))
  })

/** Zones may stand in the file itself. */
const wordsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((word) => typeof word === 'string')

function mistakesWith(check: Check, word: string, place: string): OperatorError[] {
  try {
    check(word)
    return []
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return mistakesOf(error).map(({ code, message, fix }) => new OperatorError(code, `${place}: ${message}`, fix))
  }
}
