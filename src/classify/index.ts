/** The stage's front door: packs in, judgements out. */
export { YES } from './answer.ts'
export { compilePolicies } from './evaluate.ts'
export { type Endpoint, loadDefaultExemptions } from './exemptions.ts'
export { asksForPostQuantum, DEFAULT_POLICY, describeRule, listPolicies, loadPolicy } from './load.ts'
export { compilePresented, type Presented } from './when-certificate.ts'
