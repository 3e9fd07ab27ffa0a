import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TUNNEL_NAMES } from '../src/decode/packet-meta.ts'

it('docs/flow-record.md names every member that the code writes, and no other', () => {
  const folder = new URL('../src/record/', import.meta.url)
  const names = ['line.ts', 'row.ts', 'fragments.ts'].flatMap((file) => {
    const code = readFileSync(new URL(file, folder), 'utf8')
    const members = [...code.matchAll(/["{,]"?([a-z][a-z0-9_]+)":/g)].map(([, name]) => name)
    const lists = [...code.matchAll(/(?:numbers|strings|chain|named)\('([a-z0-9_]+)'/g)].map(([, name]) => name)
    return [...members, ...lists]
  })
  expect(readdirSync(folder).length).toBeGreaterThan(5)
  // The last is not of the hot path: export/community-id.ts and the store make it.
  const written = new Set([...names, 'sensor', 'policy', 'source', 'community_id'])
  const table = readFileSync(new URL('../docs/flow-record.md', import.meta.url), 'utf8')
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  const documented = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name),
  )
  expect([...documented].sort()).toEqual([...written].sort())
})

it('docs/flow-record.md names every tunnel', () => {
  const text = readFileSync(new URL('../docs/flow-record.md', import.meta.url), 'utf8')
  const documented = [...text.matchAll(/^\| "([a-z0-9_]+)" \|/gm)].map(([, name]) => name)
  expect(documented.sort()).toEqual(TUNNEL_NAMES.filter((name) => name !== null).sort())
})

it.each(TUNNEL_NAMES.filter((name) => name !== null))(
  'docs/flow-record.md names captures of the tunnel %s',
  (tunnel) => {
    const text = readFileSync(new URL('../docs/flow-record.md', import.meta.url), 'utf8')
    const row = text.split('\n').find((line) => line.startsWith(`| "${tunnel}" |`)) ?? ''
    const captures = [...(row.split('|')[4] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    expect(captures.length).toBeGreaterThan(0)
    for (const name of captures) {
      const { records } = JSON.parse(readFileSync(new URL(`../captures/${name}.json`, import.meta.url), 'utf8'))
      expect(records).toContainEqual(expect.objectContaining({ tunnel }))
    }
  },
)
