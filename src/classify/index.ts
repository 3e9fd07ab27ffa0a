/** The stage's front door: packs in, judgements out. */
export { compilePolicies } from './evaluate.ts'
export { type Endpoint, loadDefaultExemptions } from './exemptions.ts'
export { DEFAULT_POLICY, describeRule, listPolicies, loadPolicy } from './load.ts'
