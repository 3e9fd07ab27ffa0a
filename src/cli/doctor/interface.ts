/** Checks of an interface, and of any source as far as opening it tells. */
import { networkInterfaces } from 'node:os'
import { OperatorError } from '../../core/errors.ts'
import { cardRing, interfaceFacts, type Offloads, offloads } from '../../source/interface-facts.ts'
import { openLive } from '../../source/live.ts'
import { type Finding, fail, interfaceOf, isReadOnce, ok, type Planned, partsOf, skipped, warn } from './finding.ts'

const NO_INTERFACE = skipped('not an interface')

/** Ethernet's usual MTU, and what a mirror adds: inner Ethernet 14, outer IPv4 20, UDP 8, VXLAN or GENEVE 8 bytes. */
const USUAL_MTU = 1500
const VXLAN_BYTES = 50
/** With one option of 4 bytes, as load balancers add. */
const GENEVE_BYTES = 54
const MIRROR_MTU = USUAL_MTU + GENEVE_BYTES

export async function link(source: string): Promise<Finding> {
  const name = interfaceOf(source)
  if (name === null) return NO_INTERFACE
  const facts = await interfaceFacts(name).catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENODEV') return null
    throw error
  })
  if (facts === null) return fail(`there is no interface ${name}`, 'list them with: ip link')
  if (!facts.isUp) return fail(`${name} is down`, `sudo ip link set ${name} up`)
  if (!facts.hasCarrier)
    return fail(`${name} is up without a carrier`, `look at the cable, or at the other end: ip link show ${name}`)
  return ok(`${name} is up and has a carrier`)
}

/** Opens it as a capture would, but for the size of its ring, which is memory that the host may miss. */
export async function opens(source: string, { filter, ring: { timestamps } }: Planned): Promise<Finding> {
  if (isReadOnce(source)) return skipped('opening it would take its bytes from the capture')
  try {
    const opened = await openLive(source, { filter, cut: true, fanout: null, ringBytes: 1, timestamps })
    await opened.close()
    const notes = opened.notes ?? []
    if (notes.length > 0) return warn(notes.join('; '), 'do as it says')
    return ok(interfaceOf(source) === null ? 'can be opened' : 'can be opened, promiscuous, with its filter')
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return fail(`${error.message} (${error.code})`, error.fix)
  }
}

export async function mtu(source: string): Promise<Finding> {
  const { kind } = partsOf(source)
  if (kind === 'vxlan' || kind === 'geneve') return mirrorMtu(kind)
  const name = interfaceOf(source)
  if (name === null) return NO_INTERFACE
  const { mtu: bytes } = await interfaceFacts(name)
  if (bytes < USUAL_MTU)
    return warn(
      `${name} takes ${bytes} bytes: mirrored frames are cut or lost from there on`,
      `sudo ip link set ${name} mtu ${USUAL_MTU}, or ${MIRROR_MTU} where mirrored frames come in VXLAN or GENEVE`,
    )
  if (bytes < MIRROR_MTU)
    return ok(
      `${name} takes ${bytes} bytes: enough for a mirror port. Frames of ${USUAL_MTU} bytes mirrored in VXLAN need ` +
        `${USUAL_MTU + VXLAN_BYTES}, in GENEVE ${MIRROR_MTU}; AWS cuts what is longer`,
    )
  return ok(`${name} takes ${bytes} bytes`)
}

/** Which interface the datagrams will come in by is not known: one of those with an address. */
async function mirrorMtu(kind: string): Promise<Finding> {
  const names = Object.entries(networkInterfaces()).filter(([, all]) => all?.some(({ internal }) => !internal))
  const mtus = await Promise.all(names.map(async ([name]) => ({ name, bytes: (await interfaceFacts(name)).mtu })))
  const small = mtus.filter(({ bytes }) => bytes < MIRROR_MTU)
  if (mtus.length === 0) return skipped('no interface here has an address but the loopback')
  if (small.length < mtus.length) return ok(`an interface takes ${MIRROR_MTU} bytes or more`)
  const { name, bytes } = small[0] as { name: string; bytes: number }
  return warn(
    `${name} takes ${bytes} bytes: frames of ${USUAL_MTU} bytes mirrored in ${kind.toUpperCase()} are longer, and AWS cuts them`,
    `sudo ip link set ${name} mtu 9001, or mirror from interfaces with an MTU ${GENEVE_BYTES} bytes smaller`,
  )
}

/** What one offload means when it is on, and when it is off. */
const offload =
  (what: keyof Offloads, found: (name: string, isOn: boolean) => Finding) =>
  async (source: string): Promise<Finding> => {
    const name = interfaceOf(source)
    if (name === null) return NO_INTERFACE
    const isOn = (await offloads(name))[what]
    return isOn === null ? skipped(`the kernel does not say it of ${name}`) : found(name, isOn)
  }

export const gro = offload('gro', (name, isOn) =>
  ok(
    isOn
      ? `on: joined frames are longer than the MTU, and read as they are. For frames as on the wire: ethtool -K ${name} gro off`
      : 'off: frames come as on the wire',
  ),
)

export const lro = offload('lro', (name, isOn) =>
  isOn
    ? warn(
        'on: the card joins segments and forgets what their headers said; loss looks like data',
        `sudo ethtool -K ${name} lro off`,
      )
    : ok('off'),
)

export const vlanOffload = offload('rxVlan', (name, isOn) =>
  ok(
    isOn
      ? `on: the tag is taken out of the frame and put back by us. For the frame untouched: ethtool -K ${name} rxvlan off`
      : 'off: tags stay in the frame',
  ),
)

/** Fewer descriptors than this are full within 1 ms at a million frames a second. */
const MIN_CARD_RING = 1024

export async function cardRingSize(source: string): Promise<Finding> {
  const name = interfaceOf(source)
  if (name === null) return NO_INTERFACE
  const ring = await cardRing(name)
  if (ring === null) return skipped(`${name} has none that could be set`)
  if (ring.rx >= Math.min(MIN_CARD_RING, ring.most)) return ok(`${ring.rx} of ${ring.most} descriptors`)
  return warn(
    `${ring.rx} of ${ring.most} descriptors: a burst overruns the card before the kernel sees it`,
    `sudo ethtool -G ${name} rx ${ring.most}`,
  )
}
