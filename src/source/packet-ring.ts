/**
 * A TPACKET_V3 receive ring (linux/if_packet.h): blocks that the kernel fills with frames and then hands over whole.
 * Frames are read where the kernel put them; a block goes back to the kernel when its last frame was read.
 */
import { MAX_BATCH_FRAMES } from './format.ts'
import type { Memory } from './libc.ts'
import type { FrameBatch, Stamps } from './source.ts'

// struct tpacket_block_desc: version, offset_to_priv, then struct tpacket_hdr_v1. All of these are 32 bits wide.
const BLOCK_STATUS = 8
const NUM_PKTS = 12
const OFFSET_TO_FIRST_PKT = 16

// struct tpacket3_hdr. Offsets from the start of a frame's header, which the kernel aligns to 8 bytes.
const TP_NEXT_OFFSET = 0
const TP_SEC = 4
const TP_NSEC = 8
const TP_SNAPLEN = 12
const TP_LEN = 16
const TP_STATUS = 20
const TP_MAC = 24
const TP_VLAN_TCI = 32
const TP_VLAN_TPID = 36
/** sll_ifindex and sll_pkttype of the struct sockaddr_ll that follows the header, aligned to 16 bytes. */
const SLL_IFINDEX = 48 + 4
const SLL_PKTTYPE = 48 + 10

const PACKET_OUTGOING = 4

const TP_STATUS_KERNEL = 0
const TP_STATUS_USER = 1 << 0
const TP_STATUS_VLAN_VALID = 1 << 4
const TP_STATUS_VLAN_TPID_VALID = 1 << 6
/** Bit numbers: the kernel stamped the frame, or the card did. */
const TP_STATUS_TS_SOFTWARE = 29
const TP_STATUS_TS_RAW_HARDWARE = 31

const LINKTYPE_ETHERNET = 1
/** Two addresses, between which and the EtherType a tag belongs (IEEE 802.1Q §9). */
const ETHERNET_ADDRESSES_BYTES = 12
const ETHERTYPE_8021Q = 0x8100
/** Headroom that a tag needs when it is put back. */
export const VLAN_TAG_BYTES = 4

/** An interface of several whose frames come into one ring. */
export interface RingMember {
  ifindex: number
  /** What it was before the interface was made anew: frames of then may still be in the ring. */
  formerIfindex: number
  /** LINKTYPE_ value of its frames. */
  link: number
  /** What this host sends to itself it sees twice. */
  isLoopback: boolean
  frames: number
  wireBytes: number
}

export class PacketRing {
  readonly memory: Memory
  /** The whole ring. */
  readonly bytes: Uint8Array
  /** Where several interfaces share the ring; a batch that is read then says which frame is whose. */
  members: readonly RingMember[] | null = null
  /** Drop frames that this host sent, where each would be seen twice. */
  skipOutgoing = false
  /** Bytes on the wire of the frames read so far. */
  wireBytes = 0
  readonly stamps: Stamps = { hardware: 0, software: 0, late: 0 }
  readonly #u16: Uint16Array
  readonly #u32: Uint32Array
  readonly #i32: Int32Array
  readonly #blockBytes: number
  /** Start of the block that the kernel hands over next, or that is being read. */
  #block = 0
  #isOpen = false
  /** Frames of that block that were not read, and where the next of them starts. */
  #left = 0
  #frame = 0

  constructor(memory: Memory, blockBytes: number) {
    this.memory = memory
    this.bytes = new Uint8Array(memory.buffer)
    this.#u16 = new Uint16Array(memory.buffer)
    this.#u32 = new Uint32Array(memory.buffer)
    this.#i32 = new Int32Array(memory.buffer)
    this.#blockBytes = blockBytes
  }

  /** A fresh ring is mapped: the kernel starts at its first block. */
  rewind(): void {
    this.#block = 0
    this.#isOpen = false
    this.#left = 0
  }

  /** Fills the batch with the next frames that are there; false = there are none. A block of which all were read goes back. */
  read(batch: FrameBatch, link: number): boolean {
    for (;;) {
      if (this.#isOpen) {
        if (this.#fill(batch, link)) return true
        this.#release()
      }
      if (!this.ready()) return false
      this.#open()
    }
  }

  /**
   * Has the kernel handed over the next block? Atomics, for two reasons: a compiler may keep a plain read in a register,
   * and where the processor reorders loads (arm64) the frames could be read before the status that announces them.
   * On x86 it is the same instruction as a plain read; it happens once a block.
   */
  ready(): boolean {
    return (Atomics.load(this.#i32, (this.#block + BLOCK_STATUS) >>> 2) & TP_STATUS_USER) !== 0
  }

  /** Starts reading the block that is ready. */
  #open(): void {
    this.#isOpen = true
    this.#left = this.#u32[(this.#block + NUM_PKTS) >>> 2] as number
    this.#frame = this.#block + (this.#u32[(this.#block + OFFSET_TO_FIRST_PKT) >>> 2] as number)
  }

  /** Fills the batch with the block's next frames; false = there were none left. */
  #fill(batch: FrameBatch, link: number): boolean {
    if (this.#left === 0) return false
    const u32 = this.#u32
    const members = this.members
    const origin = batch.origins?.of ?? null
    let kind = link
    let count = 0
    let hardware = 0
    let software = 0
    while (this.#left > 0 && count < MAX_BATCH_FRAMES) {
      const frame = this.#frame
      const word = frame >>> 2
      this.#left -= 1
      this.#frame = frame + (u32[word + (TP_NEXT_OFFSET >>> 2)] as number)
      let skipOutgoing = this.skipOutgoing
      let member: RingMember | undefined
      if (members !== null && origin !== null) {
        const n = memberOf(members, this.#i32[(frame + SLL_IFINDEX) >>> 2] as number)
        if (n < 0) continue
        member = members[n] as RingMember
        kind = member.link
        skipOutgoing = member.isLoopback
        origin[count] = n
      }
      if (skipOutgoing && this.bytes[frame + SLL_PKTTYPE] === PACKET_OUTGOING) continue
      let at = frame + (this.#u16[(frame + TP_MAC) >>> 1] as number)
      let captured = u32[word + (TP_SNAPLEN >>> 2)] as number
      let wire = u32[word + (TP_LEN >>> 2)] as number
      const status = u32[word + (TP_STATUS >>> 2)] as number
      if (kind === LINKTYPE_ETHERNET && (status & TP_STATUS_VLAN_VALID) !== 0 && captured >= ETHERNET_ADDRESSES_BYTES) {
        this.#putTagBack(frame, at, status)
        at -= VLAN_TAG_BYTES
        captured += VLAN_TAG_BYTES
        wire += VLAN_TAG_BYTES
      }
      batch.at[count] = at
      batch.captured[count] = captured
      batch.wire[count] = wire
      batch.time[count] = (u32[word + (TP_SEC >>> 2)] as number) * 1e6 + (u32[word + (TP_NSEC >>> 2)] as number) / 1000
      batch.link[count] = kind
      hardware += status >>> TP_STATUS_TS_RAW_HARDWARE
      software += (status >>> TP_STATUS_TS_SOFTWARE) & 1
      this.wireBytes += wire
      if (member !== undefined) {
        member.frames += 1
        member.wireBytes += wire
      }
      count += 1
    }
    batch.count = count
    const { stamps } = this
    stamps.hardware += hardware
    stamps.software += software
    stamps.late += count - hardware - software
    return true
  }

  /** Gives the block back to the kernel, every read of it before (release order: Atomics again). */
  #release(): void {
    this.#isOpen = false
    Atomics.store(this.#i32, (this.#block + BLOCK_STATUS) >>> 2, TP_STATUS_KERNEL)
    this.#block += this.#blockBytes
    if (this.#block === this.bytes.length) this.#block = 0
  }

  /** The kernel or the card took the outermost tag off and wrote it beside the frame: the addresses make room for it. */
  #putTagBack(frame: number, at: number, status: number): void {
    const bytes = this.bytes
    for (let i = at; i < at + ETHERNET_ADDRESSES_BYTES; i++) bytes[i - VLAN_TAG_BYTES] = bytes[i] as number
    const tpid =
      status & TP_STATUS_VLAN_TPID_VALID ? (this.#u16[(frame + TP_VLAN_TPID) >>> 1] as number) : ETHERTYPE_8021Q
    const tci = this.#u32[(frame + TP_VLAN_TCI) >>> 2] as number
    const tag = at + ETHERNET_ADDRESSES_BYTES - VLAN_TAG_BYTES
    bytes[tag] = tpid >> 8
    bytes[tag + 1] = tpid & 0xff
    bytes[tag + 2] = (tci >> 8) & 0xff
    bytes[tag + 3] = tci & 0xff
  }
}

/** Few interfaces share a ring. -1 = it is none of them. */
function memberOf(members: readonly RingMember[], ifindex: number): number {
  for (let n = 0; n < members.length; n++) {
    const { ifindex: now, formerIfindex } = members[n] as RingMember
    if (ifindex === now || ifindex === formerIfindex) return n
  }
  return -1
}
