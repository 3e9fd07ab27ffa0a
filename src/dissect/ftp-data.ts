import type { Dissector, DissectorState } from './dissector.ts'
import { beginsTls } from './text-session.ts'

/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

interface FtpDataState extends DissectorState {
  done: boolean
  tunnel: boolean
  atHand: boolean
  began: boolean
}

/**
 * FTP's data connections, which a control connection announced: files look like anything, so no other protocol is looked
 * for in them. TLS begins with the first byte or not at all (RFC 4217 §9).
 */
export const ftpData: Dissector<FtpDataState> = {
  name: 'ftp-data',
  about: { title: 'FTP data', source: 'RFC 959', reads: 'whether TLS protects it' },
  transport: 'tcp',
  ports: [20],
  probe: () => 'no_match',

  start(facts, used = null): FtpDataState {
    facts.appProtocol ??= 'ftp-data'
    if (used === null) return { done: false, tunnel: false, atHand: false, began: false }
    used.done = false
    used.tunnel = false
    used.atHand = false
    used.began = false
    return used
  },

  feed(state, facts, _direction, buf, at, end): number {
    state.began = true
    const tls = beginsTls(buf, at, end)
    if (tls === 'perhaps') return 0
    state.done = true
    state.tunnel = tls === 'yes'
    state.atHand = state.tunnel
    if (state.tunnel) return 0
    facts.protection = 'cleartext'
    return REST
  },

  gap(state, facts): void {
    facts.sawGap = true
    // What the first bytes were can no longer be told.
    state.done = true
  },

  finish(state, facts): void {
    if (state.began && !state.done) facts.protection = 'cleartext'
  },
}
