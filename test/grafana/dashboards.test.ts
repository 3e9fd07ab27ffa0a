import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DASHBOARDS } from '../../grafana/make/dashboards/index.ts'
import { madeFiles } from '../../grafana/make/make.ts'

const FOLDER = fileURLToPath(new URL('../../grafana/', import.meta.url))
const made = madeFiles()
const inFolder = (folder: string): string[] =>
  readdirSync(`${FOLDER}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(FOLDER.length))

describe('files of Grafana', () => {
  it.each([...made.keys()])('%s is as the generator makes it (npm run grafana)', (name) => {
    expect(readFileSync(`${FOLDER}${name}`, 'utf8')).toBe(made.get(name))
  })

  it('are all made by it', () => {
    expect([...inFolder('dashboards'), ...inFolder('provisioning')].sort()).toEqual([...made.keys()].sort())
  })
})

describe.each(DASHBOARDS)('dashboard $uid', (dashboard) => {
  const text = made.get(`dashboards/${dashboard.uid}.json`) ?? ''
  const model = JSON.parse(text)

  it('can be provisioned anywhere: no id of its own, data sources by variable', () => {
    expect(model).not.toHaveProperty('id')
    expect(model.schemaVersion).toBe(39)
    const sources = new Set(Array.from(text.matchAll(/"uid": "([^"]+)"/g), ([, uid]) => uid))
    sources.delete(dashboard.uid)
    for (const uid of sources) expect(['${datasource}', '${prometheus}']).toContain(uid)
  })

  it('has panels of different titles with a description, side by side and not upon each other', () => {
    const titles = dashboard.panels.map(({ title, type }) => `${title} ${type}`)
    expect(new Set(titles).size).toBe(titles.length)
    for (const { description } of dashboard.panels) expect(description.length).toBeGreaterThan(5)
    const taken = new Set<string>()
    for (const { gridPos } of model.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken).not.toContain(`${x},${y}`)
          taken.add(`${x},${y}`)
        }
      }
    }
  })

  it('uses every variable, and none that it does not have', () => {
    const names = dashboard.variables.map(({ name }) => name)
    const panels = JSON.stringify(model.panels)
    for (const name of names) expect(panels).toMatch(new RegExp(`\\$\\{?${name}\\b`))
    const used = Array.from(panels.matchAll(/\$\{?([a-z]\w*)/g), ([, name]) => name)
    for (const name of new Set(used)) expect(names).toContain(name)
  })

  it('leads to dashboards that there are, with variables that they have and columns that it has', () => {
    for (const panel of dashboard.panels) {
      for (const [, uid, query = ''] of JSON.stringify(panel).matchAll(
        /"url":"\/d\/([\w-]+)\?([^"]*(?:\\"[^"]*)*)"/g,
      )) {
        const target = DASHBOARDS.find((one) => one.uid === uid)
        expect(target, uid).toBeDefined()
        for (const [, name, column] of query.matchAll(/var-(\w+)=\$\{__data\.fields\[\\"(\w+)\\"\]/g)) {
          expect(target?.variables.map((one) => one.name)).toContain(name)
          expect(JSON.stringify(panel.targets)).toMatch(new RegExp(`AS ${column}\\b|\\b${column},`))
        }
      }
    }
  })
})
