/** What SEC09-BP02 and BP03 ask of people: how soon is a fault found, taken up and mended? Of the lives of findings. */
import type { Kpi } from './kpi.ts'

const TICKETS = 'tickets; the history of the receiver of alerts'

export const response: readonly Kpi[] = [
  {
    name: 'finding-detection-time',
    title: 'Time to find a fault',
    ...{ practice: 'BP02', unit: 'seconds', better: 'less', isUncut: true },
    numerator:
      'sum of the times from the first packet of the flow that raises a critical or high finding until it is stored',
    denominator: 'critical and high findings that were stored within 7 days',
    unobservable: 'findings of files that were read later than that; those of a sensor, which begin with no flow',
    complement: 'none',
  },
  {
    name: 'incident-acknowledgement-time',
    title: 'Incident response: until somebody deals with it',
    ...{ practice: 'BP03', unit: 'seconds', better: 'less', isUncut: true },
    numerator: 'sum of the times from the opening of a critical or high finding to its acknowledgement',
    denominator: 'openings that were acknowledged before they were over',
    unobservable: 'openings that nobody has acknowledged here',
    complement: TICKETS,
  },
  {
    name: 'incident-resolution-time',
    title: 'Incident response: until it is over',
    ...{ practice: 'BP03', unit: 'seconds', better: 'less', isUncut: true },
    numerator: 'sum of the times from the opening of a critical or high finding until traffic proves that it is over',
    denominator: 'openings that are over by proof',
    unobservable: 'openings that are not over, or whose subject fell silent (dormant)',
    complement: TICKETS,
  },
  {
    name: 'incident-excepted-share',
    title: 'Incidents that are accepted',
    ...{ practice: 'BP03', unit: 'share', better: null, isUncut: true },
    numerator:
      'openings of critical and high findings that a suppression or a silence covers; the three times above leave them out',
    denominator: 'openings of critical and high findings',
    unobservable: 'nothing',
    complement: 'the owner and the reason of each exception: `intransit alert list`',
  },
]
