/** What flows of one capture say of others: each agent has its own, and forgets it with the capture. */
import { IkeAssociations } from './ike-memory.ts'
import { QuicConnections } from './quic-memory.ts'

export class CaptureMemory {
  readonly quic = new QuicConnections()
  readonly ike = new IkeAssociations()

  clear(): void {
    this.quic.clear()
    this.ike.clear()
  }
}
