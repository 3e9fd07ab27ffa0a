import { describe, expect, it } from 'vitest'
import { bestKind, ringInterface } from '../../src/source/live-interface.ts'

describe('interface:', () => {
  it.each([
    ['linux', 'afpacket'],
    ['darwin', 'libpcap'],
    ['freebsd', 'libpcap'],
  ] as const)('means on %s %s', (platform, kind) => expect(bestKind(platform)).toBe(kind))

  it.each([
    ['afpacket:eth0', 'linux', 'eth0'],
    ['interface:eth0', 'linux', 'eth0'],
    ['interface:eth0.7:1', 'linux', 'eth0.7:1'],
    ['interface:en0', 'darwin', null],
    ['libpcap:eth0', 'linux', null],
    ['cap:eth0', 'linux', null],
    ['tcp://interface:1', 'linux', null],
    ['interface', 'linux', null],
  ] as const)('%s on %s has the ring of %s', (spec, platform, name) => expect(ringInterface(spec, platform)).toBe(name))
})
