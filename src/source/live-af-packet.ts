import { parseFilter } from '../core/filter-expression.ts'
import { openAfPacket } from './af-packet.ts'
import { blocksOf } from './af-packet-settings.ts'
import { openShared } from './af-packet-shared.ts'
import { encodeProgram } from './bpf/instruction.ts'
import { compileKernelFilter, KEPT_APPLICATION_BYTES } from './bpf/kernel-filter.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Source } from './source.ts'

/** `afpacket:IFACE`, or several with commas between, in one ring: the kernel drops what the filter excludes and cuts what nobody reads. @throws OperatorError */
export function openInterface(name: string, settings: LiveSettings): Promise<Source> {
  const { filter, cut, fanout, ringBytes, blocks, timestamps, held } = settings
  const expression = filter === null ? null : parseFilter(filter)
  const isWhole = expression === null && !cut
  const interfaces = [...new Set(name.split(','))]
  const asked = {
    fanout,
    held: held ?? null,
    filter: isWhole ? null : encodeProgram(compileKernelFilter(expression, cut ? KEPT_APPLICATION_BYTES : null)),
    ...(ringBytes === null ? {} : blocksOf(ringBytes, blocks?.blockBytes)),
    ...blocks,
    ...(timestamps === undefined ? {} : { timestamps }),
  }
  return interfaces.length === 1 ? openAfPacket({ interface: name, ...asked }) : openShared({ interfaces, ...asked })
}
