/** `interface:IFACE`: the best way to an interface that this system has. */
import { openInterface } from './live-af-packet.ts'
import { openLibpcapInterface } from './live-libpcap.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Source } from './source.ts'

/** The kernel's own ring where there is one: libpcap copies every frame, and shares none between threads. */
export const bestKind = (platform: NodeJS.Platform = process.platform): 'afpacket' | 'libpcap' =>
  platform === 'linux' ? 'afpacket' : 'libpcap'

export const openBestInterface = (name: string, settings: LiveSettings): Promise<Source> =>
  bestKind() === 'afpacket' ? openInterface(name, settings) : openLibpcapInterface(name, settings)

/** Whether a source like this one is opened by C libraries. */
export const needsKoffi = (spec: string): boolean => /^(interface|afpacket|libpcap):/.test(spec)

/** The interface whose ring in the kernel this specification means; null = it is of another kind. */
export function ringInterface(spec: string, platform: NodeJS.Platform = process.platform): string | null {
  const [, kind, name] = /^([^:]*):(.*)$/s.exec(spec) ?? []
  const meant = kind === 'interface' ? bestKind(platform) : kind
  return meant === 'afpacket' ? (name ?? null) : null
}
