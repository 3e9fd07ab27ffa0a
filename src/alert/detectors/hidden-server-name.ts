import { detector } from '../detector.ts'

/** Flows by whether they show the name asked for. */
interface Memory {
  named: number
  unnamed: number
}

/** A report: a scanner, a health check, or a tool that was built without. What ECH hides is counted by a KPI. */
export const hiddenServerName = detector({
  id: 'A28',
  name: 'hidden-server-name',
  severity: 'info',
  title: 'A server that is asked for by name is asked for without',
  subject: 'server',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone }) => isHandshakeDone,
  settles: true,
  defaults: { flows: 3, named: 3 },
  fresh: (): Memory => ({ named: 0, unnamed: 0 }),
  observe(flow, memory, settings, context) {
    const { facts } = flow
    // An upgraded connection has its name in the protocol around it.
    if (flow.isRepeat || facts.upgrade !== null || facts.offeredVersions.length === 0) {
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    if (flow.serverName !== null) {
      if (memory.named >= settings.named) context.settled(Number.POSITIVE_INFINITY)
      memory.named = Math.min(memory.named + 1, settings.named)
      return
    }
    const isKnown = memory.unnamed >= settings.flows && memory.named < settings.named
    if (isKnown) context.settled(Number.POSITIVE_INFINITY)
    memory.unnamed = Math.min(memory.unnamed + 1, settings.flows)
    if (memory.unnamed < settings.flows || memory.named < settings.named) return
    context.raise({
      what: 'some clients name no server where others do',
      mustFix: 'client',
      sql: 'server_name IS NULL',
    })
  },
})
