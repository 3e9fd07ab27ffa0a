/** When an SSH connection counts as protected, and when nothing more can come of reading it. */
import type { FlowFacts, SshFacts } from '../core/facts.ts'
import type { Protection } from '../core/verdict.ts'
import { CLIENT, SERVER } from './dissector.ts'
import type { SshState } from './ssh-state.ts'

/**
 * The client takes the new keys once it has accepted the server's, so its NEWKEYS settles both directions. The server's
 * alone may be followed by a client that leaves; where the client cannot be seen, what the server protects behind it is
 * all there is. `ended` = nothing more will come.
 */
export function settleSsh(state: SshState, facts: FlowFacts, ended: boolean): void {
  const [client, server] = [state.sides[CLIENT], state.sides[SERVER]]
  const taken = client.phase === 'protected'
  const unseen = !client.fed || client.phase === 'lost'
  if (taken && (server.phase === 'protected' || ended)) facts.protection = protectionOf(facts.ssh as SshFacts)
  else if (ended && unseen && server.protectedReads > 0) facts.protection = 'opaque'
  else return
  state.done = true
}

function protectionOf({ cipherClient, cipherServer }: SshFacts): Protection {
  if (cipherClient === null) return 'opaque'
  return cipherClient === 'none' || cipherServer === 'none' ? 'cleartext' : 'encrypted'
}
