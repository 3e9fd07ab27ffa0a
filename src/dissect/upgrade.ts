/** How far an upgrade to TLS came, told step by step in the same words by every protocol that knows one. */
import type { FlowFacts } from '../core/facts.ts'

/** Bytes that are read late may bring the offer behind what crossed in spite of it. */
export function noteAdvertised(facts: FlowFacts): void {
  if (facts.upgradeState !== null && facts.upgradeState !== 'not_offered') return
  facts.upgradeState = facts.protection === 'cleartext' && !facts.sawGap ? 'skipped' : 'advertised'
}

/** The whole list of what the server can do was seen. */
export function noteNotOffered(facts: FlowFacts): void {
  facts.upgradeState ??= 'not_offered'
}

/** The offer, or the client's request, was written over on its way. */
export function noteGarbled(facts: FlowFacts): void {
  if (facts.upgradeState !== 'accepted') facts.upgradeState = 'stripped'
}

export function noteRequested(facts: FlowFacts): void {
  if (facts.upgradeState !== 'stripped') facts.upgradeState = 'requested'
}

export function noteRefused(facts: FlowFacts): void {
  if (facts.upgradeState !== 'stripped') facts.upgradeState = 'refused'
}

/** A client began TLS without waiting for consent: what comes back is TLS, or it is not. */
export function noteAnswered(facts: FlowFacts, withTls: boolean): void {
  if (facts.upgradeState === 'requested') facts.upgradeState = withTls ? 'accepted' : 'refused'
}

export function noteAccepted(facts: FlowFacts, upgrade: string): void {
  facts.upgradeState = 'accepted'
  facts.upgrade = upgrade
}

/** The application's own data, or a credential, crossed in the clear. */
export function noteClear(facts: FlowFacts): void {
  facts.protection = 'cleartext'
  // Where bytes were lost, the request may be among them.
  if (facts.upgradeState === 'advertised' && !facts.sawGap) facts.upgradeState = 'skipped'
}
