/** THE TABLE of dashboards. */
import type { Dashboard } from '../dashboard.ts'
import { authentication } from './authentication.ts'
import { byPrometheus } from './by-prometheus.ts'
import { certificates } from './certificates.ts'
import { findings } from './findings.ts'
import { overview } from './overview.ts'
import { plaintext } from './plaintext.ts'
import { postQuantum } from './post-quantum.ts'
import { sensors } from './sensors.ts'
import { tls } from './tls.ts'

export const DASHBOARDS: readonly Dashboard[] = [
  overview,
  plaintext,
  tls,
  certificates,
  authentication,
  postQuantum,
  findings,
  sensors,
  byPrometheus,
]
