import { totalmem } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { OperatorError } from '../../src/core/errors.ts'
import { openAfPacket } from '../../src/source/af-packet.ts'
import { openError } from '../../src/source/af-packet-errors.ts'
import { type AfPacketOptions, blocksOf, withDefaults } from '../../src/source/af-packet-settings.ts'
import { SyscallError } from '../../src/source/libc.ts'

describe('the ring of a live source', () => {
  it('takes a sixteenth of the memory and 256 MiB at most', () => {
    const { blockBytes, blockCount, promiscuous, fanout, filter } = withDefaults({ interface: 'eth0' })
    expect(blockBytes * blockCount).toBeLessThanOrEqual(Math.max(4 * 2 ** 20, Math.min(2 ** 28, totalmem() / 16)))
    expect({ promiscuous, fanout, filter }).toEqual({ promiscuous: true, fanout: null, filter: null })
  })

  it.each([
    { mib: 256, blocks: 64, of: 4 },
    { mib: 2047, blocks: 511, of: 4 },
    { mib: 63, blocks: 31, of: 2 },
    { mib: 16, blocks: 16, of: 1 },
    { mib: 5, blocks: 5, of: 1 },
    { mib: 1, blocks: 2, of: 1 },
  ])('of $mib MiB has $blocks blocks of $of MiB', ({ mib, blocks, of }) => {
    expect(blocksOf(mib * 2 ** 20)).toEqual({ blockCount: blocks, blockBytes: of * 2 ** 20 })
  })

  it.each<Partial<AfPacketOptions>>([
    { blockBytes: 1000 },
    { blockBytes: 3 * 4096 },
    { blockCount: 0 },
    { blockBytes: 2 ** 20, blockCount: 2048 },
    { blockTimeoutMs: 0 },
    { fanout: { group: 65_536 } },
  ])('cannot be %j', (options) => {
    expect(() => withDefaults({ interface: 'eth0', ...options })).toThrow(OperatorError)
  })
})

describe('a refused system call', () => {
  const settings = withDefaults({ interface: 'eth0', blockBytes: 2 ** 20, blockCount: 64, fanout: { group: 5 } })
  it.each([
    { call: 'socket', errno: 'EPERM', code: 'ERR_SOURCE_PERMISSION', fix: 'setcap cap_net_raw=ep' },
    { call: 'ioctl SIOCGIFINDEX', errno: 'ENODEV', code: 'ERR_SOURCE_NOT_FOUND', fix: '' },
    { call: 'socket', errno: 'EAFNOSUPPORT', code: 'ERR_SOURCE_UNSUPPORTED', fix: 'CONFIG_PACKET_MMAP' },
    { call: 'setsockopt PACKET_RX_RING', errno: 'ENOMEM', code: 'ERR_SOURCE_REFUSED', fix: 'try 16 blocks (16 MiB)' },
    { call: 'setsockopt PACKET_RX_RING', errno: 'EINVAL', code: 'ERR_SOURCE_REFUSED', fix: 'blocks of 1 MiB' },
    {
      call: 'setsockopt PACKET_FANOUT',
      errno: 'ENOSPC',
      code: 'ERR_SOURCE_REFUSED',
      fix: 'another fanout group than 5',
    },
    { call: 'setsockopt SO_ATTACH_FILTER', errno: 'EINVAL', code: 'ERR_FILTER', fix: 'simpler filter' },
    { call: 'socket', errno: 'EMFILE', code: 'ERR_SOURCE_REFUSED', fix: 'dmesg' },
  ])('$call: $errno is $code', ({ call, errno, code, fix }) => {
    const error = openError(new SyscallError(call, errno), settings)
    expect(error.code).toBe(code)
    expect(error.fix).toContain(fix)
    if (errno !== 'ENODEV') expect(error.message).toContain(`cannot capture on eth0: ${call}: ${errno}`)
  })
})

describe('a live source', () => {
  afterEach(() => void vi.restoreAllMocks())

  it.each([
    { platform: 'darwin', arch: 'arm64' },
    { platform: 'win32', arch: 'x64' },
    { platform: 'linux', arch: 'arm' },
  ] as const)('is not to be had on $platform ($arch)', async ({ platform, arch }) => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue(platform)
    vi.spyOn(process, 'arch', 'get').mockReturnValue(arch)
    await expect(openAfPacket({ interface: 'eth0' })).rejects.toMatchObject({
      code: 'ERR_SOURCE_UNSUPPORTED',
      message: expect.stringContaining(`this is ${platform} (${arch})`),
    })
  })
})
