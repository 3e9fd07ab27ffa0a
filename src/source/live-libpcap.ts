import { type FilterExpression, parseFilter } from '../core/filter-expression.ts'
import { encodeProgram } from './bpf/instruction.ts'
import { compileKernelFilter } from './bpf/kernel-filter.ts'
import { openLibpcap } from './libpcap.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Source } from './source.ts'

/**
 * `libpcap:IFACE`: the kernel drops what the filter excludes, by our own program. libpcap's compiler takes nearly the
 * same words and means less by them: its `port 443` drops what comes with a VLAN tag or inside of a tunnel.
 * @throws OperatorError
 */
export async function openLibpcapInterface(name: string, { filter, ringBytes, held }: LiveSettings): Promise<Source> {
  const expression = filter === null ? null : parseFilter(filter)
  return openLibpcap({
    interface: name,
    held: held ?? null,
    filter: expression !== null && runsHere(expression) ? encodeProgram(compileKernelFilter(expression, null)) : null,
    ...(ringBytes === null ? {} : { bufferBytes: ringBytes }),
  })
}

/** A program that tests tags asks Linux for one that is no longer in the frame; elsewhere such a load drops the frame. */
const runsHere = (expression: FilterExpression): boolean => process.platform === 'linux' || !testsVlan(expression)

function testsVlan(node: FilterExpression): boolean {
  if (node.kind === 'not') return testsVlan(node.of)
  if (node.kind === 'and' || node.kind === 'or') return node.of.some(testsVlan)
  return node.kind === 'vlan'
}
