/** When an SSH connection counts as protected, and when nothing more can come of reading it. */
import type { FlowFacts, SshFacts } from '../core/facts.ts'
import type { Protection } from '../core/verdict.ts'
import { CLIENT, SERVER } from './dissector.ts'
import type { SshState } from './ssh-state.ts'

/**
 * The client takes the new keys once it has accepted the server's, so its NEWKEYS settles both directions; the server's
 * alone may be followed by a client that leaves. `ended` = nothing more will come.
 */
export function settleSsh(state: SshState, facts: FlowFacts, ended: boolean): void {
  const [client, server] = [state.sides[CLIENT], state.sides[SERVER]]
  const both = client.phase === 'protected' && server.phase === 'protected'
  const missing = !client.fed || client.phase === 'lost' || facts.sawGap
  const one = client.phase === 'protected' || (missing && server.protectedReads > 0)
  if (!both && !(ended && one)) return
  facts.protection = protectionOf(facts.ssh as SshFacts)
  state.done = true
}

function protectionOf({ cipherClient, cipherServer }: SshFacts): Protection {
  if (cipherClient === null) return 'opaque'
  return cipherClient === 'none' || cipherServer === 'none' ? 'cleartext' : 'encrypted'
}
