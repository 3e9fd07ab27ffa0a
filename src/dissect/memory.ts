/** What flows of one capture say of others: each agent has its own, and forgets it with the capture. */
import type { PacketMeta } from '../decode/packet-meta.ts'
import { DnsGroups } from './dns-groups.ts'
import { IkeAssociations } from './ike-memory.ts'
import { QuicConnections } from './quic-memory.ts'

export class CaptureMemory {
  readonly quic = new QuicConnections()
  readonly ike = new IkeAssociations()
  readonly dnsGroups = new DnsGroups()

  /** A packet of another worker's share, which says something of this one's flows all the same. */
  overhear(m: PacketMeta, buf: Uint8Array): void {
    this.dnsGroups.overhear(m, buf)
  }

  clear(): void {
    this.quic.clear()
    this.ike.clear()
    this.dnsGroups.clear()
  }
}
