/** `interface:IFACE`: the best way to an interface that this system has. */
import { keepKoffiLoaded } from './koffi.ts'
import { keepLibpcap } from './libpcap-library.ts'
import { openInterface } from './live-af-packet.ts'
import { openLibpcapInterface } from './live-libpcap.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Source } from './source.ts'

/** The kernel's own ring where there is one: libpcap copies every frame, and shares none between threads. */
export const bestKind = (platform: NodeJS.Platform = process.platform): 'afpacket' | 'libpcap' =>
  platform === 'linux' ? 'afpacket' : 'libpcap'

export const openBestInterface = (name: string, settings: LiveSettings): Promise<Source> =>
  bestKind() === 'afpacket' ? openInterface(name, settings) : openLibpcapInterface(name, settings)

/** The C library's kind of source that this specification means; null = it needs none. */
function kindOf(spec: string, platform: NodeJS.Platform = process.platform): 'afpacket' | 'libpcap' | null {
  const kind = /^(interface|afpacket|libpcap):/.exec(spec)?.[1]
  return kind === undefined ? null : kind === 'interface' ? bestKind(platform) : (kind as 'afpacket' | 'libpcap')
}

/** For the main thread, before others open these sources: what closes after them must not go with them. */
export async function keepLibrariesLoaded(specs: readonly string[]): Promise<void> {
  const kinds = specs.map((spec) => kindOf(spec))
  if (kinds.some((kind) => kind !== null)) await keepKoffiLoaded()
  // Whoever needs it says that it is not there.
  if (kinds.includes('libpcap')) await keepLibpcap().catch(() => undefined)
}

/** The interface whose ring in the kernel this specification means; null = it is of another kind. */
export function ringInterface(spec: string, platform: NodeJS.Platform = process.platform): string | null {
  return kindOf(spec, platform) === 'afpacket' ? spec.slice(spec.indexOf(':') + 1) : null
}
