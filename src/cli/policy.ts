/** `intransit policy`: what the packs demand, in words, before any traffic is held against them. */
import { listPolicies, loadPolicy } from '../classify/index.ts'
import type { PolicyPack, PolicyRule } from '../classify/policy.ts'
import { WIDTH, wrap } from '../report/format.ts'
import { writeOut } from './terminal.ts'
import { table } from './text-table.ts'

export async function policyList(options: { json?: boolean }): Promise<void> {
  const packs = listPolicies()
  if (options.json === true) {
    await writeOut(
      `${JSON.stringify(packs.map(({ id, title, version, asOf, rules }) => ({ id, title, version, asOf, rules: rules.length })))}\n`,
    )
    return
  }
  const rows = packs.map((pack) => [pack.id, String(pack.rules.length), pack.asOf, pack.title])
  await writeOut(table([['pack', 'rules', 'as of', 'title'], ...rows], WIDTH))
}

export async function policyShow(name: string, options: { json?: boolean }): Promise<void> {
  const pack = loadPolicy(name)
  await writeOut(options.json === true ? `${JSON.stringify(pack, null, 2)}\n` : describePack(pack))
}

export async function policyCheck(file: string): Promise<void> {
  const pack = loadPolicy(file)
  await writeOut(`${pack.id}: ${pack.rules.length} rules, valid\n`)
}

function describePack(pack: PolicyPack): string {
  const rows = pack.rules.map((rule) => [rule.id, rule.outcome, rule.severity, wording(rule)])
  const origin = wrap(`as of ${pack.asOf}, from ${pack.source}`, WIDTH).join('\n')
  return `${pack.id}: ${pack.title}\n${origin}\n\n${table([['rule', 'outcome', 'severity', 'what'], ...rows], WIDTH)}`
}

const wording = (rule: PolicyRule): string => rule.title
