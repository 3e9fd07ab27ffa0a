/**
 * Filter expressions as classic BPF over Ethernet frames, for a packet socket. The kernel's part is coarse: it never drops
 * a frame that the decoder's exact predicate would accept, and passes what only the decoder can tell. docs/filter.md
 * says which.
 */
import { OperatorError } from '../../core/errors.ts'
import type { FilterExpression } from '../../core/filter-expression.ts'
import { Label } from './assembler.ts'
import { Build } from './build.ts'
import { emitCut, RECORD_HEADER_BYTES } from './emit-cut.ts'
import { emitLink } from './emit-link.ts'
import { type ByVersion, emitNetwork } from './emit-network.ts'
import { emitTunnel } from './emit-tunnel.ts'
import { type Instruction, MAX_INSTRUCTIONS, OP } from './instruction.ts'
import { NO_VLAN, type Shape, SLOT } from './residue.ts'

/** Of a segment's TLS application data; enough for the record's header and a look at what follows. */
export const KEPT_APPLICATION_BYTES = 16

/** No frame with less has TCP in it: an Ethernet, an IPv4 and a TCP header. */
const MIN_TCP_FRAME_BYTES = 54

/**
 * The program for frames that begin with an Ethernet header (a SOCK_RAW packet socket on such an interface); it returns
 * how many bytes to keep. An expression of null matches everything. With `keptBytes`, TCP segments outside of
 * tunnels that hold nothing but the beginning of a TLS application-data record are cut to their headers and so many
 * bytes of payload (5 to 65535); everything else is kept whole.
 * @throws OperatorError ERR_FILTER when the expression is too long for the kernel
 */
export function compileKernelFilter(expression: FilterExpression | null, keptBytes: number | null): Instruction[] {
  if (keptBytes !== null && !(keptBytes >= RECORD_HEADER_BYTES && keptBytes <= 0xffff)) {
    throw new RangeError(`keptBytes is ${keptBytes}; a record's header has ${RECORD_HEADER_BYTES} bytes`)
  }
  const build = new Build(expression)
  if (expression === null && keptBytes === null) build.asm.go(build.pass)
  else emitSteps(build, keptBytes)
  build.emitEnds()
  const program = build.asm.assemble()
  if (program.length <= MAX_INSTRUCTIONS) return program
  throw new OperatorError(
    'ERR_FILTER',
    `the filter makes ${program.length} kernel instructions; the kernel takes ${MAX_INSTRUCTIONS}`,
    'name networks instead of single hosts, as "net 10.0.0.0/24", or fewer of them',
  )
}

function emitSteps(build: Build, keptBytes: number | null): void {
  const { asm, pass } = build
  const opaque = new Label()
  const network = new Label()
  const inner = new Label()
  const tunnel = labels()
  const cut = keptBytes === null ? { 4: pass, 6: pass } : labels()
  if (build.expression === null) {
    asm.emit(OP.LD_LEN)
    asm.branch(OP.JGE_K, MIN_TCP_FRAME_BYTES, null, pass)
  }
  emitLink(build, network, opaque)
  asm.place(network)
  emitNetwork(build, 'none', { tcp: cut, tunnel, opaque })
  if (build.expression !== null) {
    emitTunnel(build, tunnel, { inner, opaque })
    asm.place(inner)
    // A tunnel in a tunnel is the decoder's.
    emitNetwork(build, 'loaded', { tcp: { 4: pass, 6: pass }, tunnel: { 4: opaque, 6: opaque }, opaque })
  }
  asm.place(opaque)
  emitOpaque(build)
  build.emitVerdicts()
  if (keptBytes !== null) emitCut(build, cut, keptBytes)
}

/** Packets that may carry packets: only the outermost VLAN tag is the same for those inside. */
const OPAQUE: Shape = { version: 'unknown', protocol: 'unknown', ports: 'unknown', vlan: 'loaded', vni: 'unknown' }

function emitOpaque(build: Build): void {
  const { asm, pass } = build
  if (build.usesVlan) {
    asm.emit(OP.LD_MEM, SLOT.vlan)
    asm.branch(OP.JEQ_K, NO_VLAN, pass, build.verdict(OPAQUE, pass))
    return
  }
  asm.go(pass)
}

const labels = (): ByVersion => ({ 4: new Label(), 6: new Label() })
