/** A dashboard: its variables, and panels in rows of 24 columns, from left to right as they come. */
import { type Panel, panelModel } from './panel.ts'
import type { Variable } from './variable.ts'

export interface Dashboard {
  /** For ever: links and bookmarks have it. */
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly variables: readonly Variable[]
  readonly panels: readonly Panel[]
}

const COLUMNS = 24
/** Of Grafana 10.4; newer ones bring it up to date when they read it. */
const SCHEMA_VERSION = 39

export function dashboardModel({ uid, title, description, variables, panels }: Dashboard): Record<string, unknown> {
  return {
    uid,
    title: `intransit / ${title}`,
    description,
    tags: ['intransit'],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [
      {
        ...{ type: 'dashboards', title: 'intransit', tags: ['intransit'], asDropdown: true, icon: 'external link' },
        ...{ includeVars: false, keepTime: true, targetBlank: false, tooltip: '', url: '' },
      },
    ],
    templating: { list: variables.map(({ model }) => model) },
    panels: laidOut(panels),
  }
}

function laidOut(panels: readonly Panel[]): Record<string, unknown>[] {
  let [x, y, rowHeight] = [0, 0, 0]
  return panels.map((panel, i) => {
    if (x + panel.width > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0]
    const gridPos = { x, y, w: panel.width, h: panel.height }
    x += panel.width
    rowHeight = Math.max(rowHeight, panel.height)
    return { id: i + 1, gridPos, ...panelModel(panel) }
  })
}
