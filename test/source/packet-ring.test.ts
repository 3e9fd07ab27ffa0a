import { describe, expect, it } from 'vitest'
import { createBatch, MAX_BATCH_FRAMES } from '../../src/source/format.ts'
import { PacketRing } from '../../src/source/packet-ring.ts'

const BLOCK_BYTES = 1024 * 1024
const ETHERNET = 1
const RAW = 101

interface Written {
  bytes: string
  wire?: number
  status?: number
  tci?: number
  tpid?: number
  packetType?: number
}

/** Blocks as the kernel writes them (linux/if_packet.h, little endian), each ready to be read. */
function ringOf(...blocks: Written[][]): { ring: PacketRing; buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(BLOCK_BYTES * blocks.length)
  const view = new DataView(buffer)
  for (const [i, frames] of blocks.entries()) {
    const block = i * BLOCK_BYTES
    view.setUint32(block + 8, 1, true)
    view.setUint32(block + 12, frames.length, true)
    view.setUint32(block + 16, 48, true)
    let at = block + 48
    for (const { bytes, wire, status = 1, tci = 0, tpid = 0, packetType = 0 } of frames) {
      const frame = Buffer.from(bytes, 'hex')
      const mac = 86
      const next = Math.ceil((mac + frame.length) / 8) * 8
      for (const [offset, value] of [
        next,
        1_800_000_000,
        123_456_789,
        frame.length,
        wire ?? frame.length,
        status,
      ].entries())
        view.setUint32(at + offset * 4, value, true)
      view.setUint16(at + 24, mac, true)
      view.setUint32(at + 32, tci, true)
      view.setUint16(at + 36, tpid, true)
      view.setUint8(at + 58, packetType)
      new Uint8Array(buffer).set(frame, at + mac)
      at += next
    }
  }
  return { ring: new PacketRing({ address: 0n, buffer }, BLOCK_BYTES), buffer }
}

function readBlocks(ring: PacketRing, link = ETHERNET): { hex: string[]; wire: number[]; batches: number[] } {
  const batch = createBatch(ring.bytes)
  const read = { hex: [] as string[], wire: [] as number[], batches: [] as number[] }
  expect(ring.ready()).toBe(true)
  while (ring.read(batch, link)) {
    read.batches.push(batch.count)
    for (let i = 0; i < batch.count; i++) {
      const at = batch.at[i] as number
      read.hex.push(Buffer.from(batch.bytes.subarray(at, at + (batch.captured[i] as number))).toString('hex'))
      read.wire.push(batch.wire[i] as number)
      expect(batch.link[i]).toBe(link)
      expect(batch.time[i]).toBeCloseTo(1_800_000_000_123_456 + 0.789, 0)
    }
  }
  return read
}

const ADDRESSES = '0a0b0c0d0e0f010203040506'
const VLAN_VALID = 1 << 4
const TPID_VALID = 1 << 6

describe('a packet ring', () => {
  it('counts who stamped its frames', () => {
    const [hardware, software] = [0x80000001, 0x20000001]
    const { ring } = ringOf([
      { bytes: '01', status: hardware },
      { bytes: '02', status: software },
      { bytes: '03', status: hardware },
      { bytes: '04' },
    ])
    expect(readBlocks(ring).hex).toHaveLength(4)
    expect(ring.stamps).toEqual({ hardware: 2, software: 1, late: 1 })
  })

  it('is read block by block, around and around', () => {
    const { ring, buffer } = ringOf([{ bytes: '01' }, { bytes: '0202', wire: 99 }], [{ bytes: '030303' }])
    expect(readBlocks(ring)).toEqual({ hex: ['01', '0202', '030303'], wire: [1, 99, 3], batches: [2, 1] })
    expect(ring.ready()).toBe(false)
    expect(ring.wireBytes).toBe(103)
    new DataView(buffer).setUint32(8, 1, true)
    expect(readBlocks(ring).hex).toEqual(['01', '0202'])
  })

  it('keeps a block from the kernel until its last frame was read', () => {
    const { ring, buffer } = ringOf([{ bytes: '01' }])
    const status = (): number => new DataView(buffer).getUint32(8, true)
    const batch = createBatch(ring.bytes)
    expect(ring.read(batch, ETHERNET)).toBe(true)
    expect(status()).toBe(1)
    expect(ring.read(batch, ETHERNET)).toBe(false)
    expect(status()).toBe(0)
  })

  it('hands over more frames than a batch holds in several', () => {
    const { ring } = ringOf(
      Array.from({ length: MAX_BATCH_FRAMES + 5 }, (_, i) => ({ bytes: (i & 0xff).toString(16).padStart(2, '0') })),
    )
    const { hex, batches } = readBlocks(ring)
    expect(batches).toEqual([MAX_BATCH_FRAMES, 5])
    expect(hex.at(-1)).toBe('04')
  })

  it('has nothing to give from an empty block', () => {
    expect(readBlocks(ringOf([]).ring)).toEqual({ hex: [], wire: [], batches: [] })
  })

  it.each([
    { name: '802.1Q', frame: { status: VLAN_VALID | TPID_VALID, tci: 0x2064, tpid: 0x8100 }, want: '81002064' },
    { name: '802.1ad', frame: { status: VLAN_VALID | TPID_VALID, tci: 7, tpid: 0x88a8 }, want: '88a80007' },
    { name: 'priority only', frame: { status: VLAN_VALID | TPID_VALID, tci: 0, tpid: 0x8100 }, want: '81000000' },
    { name: 'without a tag protocol (before Linux 3.14)', frame: { status: VLAN_VALID, tci: 5 }, want: '81000005' },
    { name: 'none', frame: { status: 1, tci: 5, tpid: 0x8100 }, want: '' },
  ])('puts the VLAN tag back: $name', ({ frame, want }) => {
    const { ring } = ringOf([{ bytes: `${ADDRESSES}0800aabb`, ...frame }, { bytes: `${ADDRESSES}0800` }])
    const { hex, wire } = readBlocks(ring)
    expect(hex).toEqual([`${ADDRESSES}${want}0800aabb`, `${ADDRESSES}0800`])
    expect(wire).toEqual([16 + want.length / 2, 14])
  })

  it('puts no tag into what has no place for it', () => {
    const frame = { status: VLAN_VALID, tci: 5 }
    expect(readBlocks(ringOf([{ bytes: '4500', ...frame }]).ring, RAW).hex).toEqual(['4500'])
    expect(readBlocks(ringOf([{ bytes: ADDRESSES.slice(2), ...frame }]).ring).hex).toEqual([ADDRESSES.slice(2)])
  })

  it('leaves out what this host sent where every frame comes twice', () => {
    const { ring } = ringOf([{ bytes: '01', packetType: 4 }, { bytes: '01' }, { bytes: '02', packetType: 4 }])
    ring.skipOutgoing = true
    expect(readBlocks(ring).hex).toEqual(['01'])
  })
})
