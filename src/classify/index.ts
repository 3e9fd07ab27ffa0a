/** The stage's front door: packs in, judgements out. */
export { compilePolicies, type Judge, type Judgement, type JudgeOptions } from './evaluate.ts'
export { checkExemptions, type Endpoint, type Exemption, loadDefaultExemptions } from './exemptions.ts'
export { DEFAULT_POLICY, describeRule, listPolicies, loadPolicy } from './load.ts'
export { checkPolicy, type PolicyPack, type PolicyRule } from './policy.ts'
