/** The architecture: which stage may import which, and which package is used where. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ANNOUNCED_DISSECTORS, DATAGRAM_DISSECTORS, TCP_DISSECTORS } from '../src/dissect/index.ts'
import { importsOf } from './imports.ts'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))

/** One straight line: a stage imports only what stands left of it. */
const STAGES = [
  'core',
  'registry',
  'wire',
  'source',
  'decode',
  'flow',
  'dissect',
  'classify',
  'trust',
  'record',
  'agent',
  'store',
  'kpi',
  'probe',
  'fetch',
  'alert',
  'notify',
  'inventory',
  'report',
  'export',
  'api',
  'cli',
  'commands',
  'main',
]

/** Files of src/ itself that are no stage of their own. */
const ROOT_FILES: Readonly<Record<string, string>> = {
  'agent.ts': 'agent',
  'agent-certificates.ts': 'agent',
  'agent-judged.ts': 'agent',
  'agent-options.ts': 'agent',
  'agent-sources.ts': 'agent',
  'agent-stats.ts': 'agent',
  'agent-tally.ts': 'agent',
  'main.ts': 'main',
  // The library: the core's own front door, imported by nobody here.
  'index.ts': 'source',
}

/** Every package, and the only files that may know it. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  '@clickhouse/client': /^store\//,
  '@fastify/helmet': /^api\/server\.ts$/,
  '@fastify/rate-limit': /^api\/server\.ts$/,
  chdb: /^store\/embedded\.ts$/,
  'cli-progress': /^cli\/progress\.ts$/,
  commander: /^(main|commands\/\w+)\.ts$/,
  fastify: /^api\//,
  fzstd: /^source\/zstd-input\.ts$/,
  jose: /^api\/oidc\.ts$/,
  koffi: /^source\/koffi\.ts$/,
  'prom-client': /^api\/metrics\.ts$/,
  yaml: /^(?:cli\/(yaml-file|config\/config-command)|inventory\/kubernetes)\.ts$/,
  zod: /^cli\/(alert-config|config\/settings|yaml-file|zones|rules\/(rule-test|sequence))\.ts$/,
}

/** Longer files hold two ideas. */
const MAX_LINES = 400

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && statSync(join(SRC, file)).isFile())
  .sort()

const stageOf = (file: string): string => ROOT_FILES[file] ?? (file.split('/')[0] as string)

const local = (file: string): string[] =>
  importsOf(new URL(file, `file://${SRC}`))
    .filter((name) => name.startsWith('.'))
    .map((name) => new URL(name, `file:///${file}`).pathname.slice(1))

const packages = (file: string): string[] =>
  importsOf(new URL(file, `file://${SRC}`)).filter((name) => !name.startsWith('.') && !name.startsWith('node:'))

describe('stages', () => {
  it('are all in the table', () => {
    expect(new Set(files.map(stageOf))).toEqual(new Set(STAGES))
    expect(files.length).toBeGreaterThan(100)
  })

  it.each(files)('%s imports only what stands left of it', (file) => {
    const mine = STAGES.indexOf(stageOf(file))
    const wrong = local(file).filter((other) => STAGES.indexOf(stageOf(other)) > mine)
    expect(wrong).toEqual([])
  })

  it('never import the library entry', () => {
    expect(files.filter((file) => local(file).includes('index.ts'))).toEqual([])
  })
})

describe('packages', () => {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )

  it('of package.json are those of the table', () => {
    expect(Object.keys({ ...dependencies, ...optionalDependencies }).sort()).toEqual(Object.keys(PACKAGES).sort())
  })

  it('are known only where the table says', () => {
    const used = files.flatMap((file) => packages(file).map((name) => ({ file, name })))
    expect(used.length).toBeGreaterThan(4)
    for (const { file, name } of used) {
      const owner = Object.keys(PACKAGES).find((one) => name === one || name.startsWith(`${one}/`))
      expect(`${file} imports ${owner}`).toMatch(/ imports (?!undefined)/)
      expect(file).toMatch(PACKAGES[owner as string] as RegExp)
    }
  })
})

describe('tables', () => {
  it('every dissector is one row', async () => {
    const rows = new Set<unknown>([...TCP_DISSECTORS, ...ANNOUNCED_DISSECTORS, ...DATAGRAM_DISSECTORS])
    const found = new Map<unknown, string>()
    for (const file of files.filter((name) => name.startsWith('dissect/') && name !== 'dissect/index.ts')) {
      for (const [name, value] of Object.entries(await import(new URL(`../src/${file}`, import.meta.url).href))) {
        if (typeof value === 'object' && value !== null && 'about' in value && 'transport' in value)
          found.set(value, name)
      }
    }
    expect([...found].filter(([row]) => !rows.has(row)).map(([, name]) => name)).toEqual([])
    expect([...rows].filter((row) => !found.has(row))).toEqual([])
    expect(rows.size).toBe(TCP_DISSECTORS.length + ANNOUNCED_DISSECTORS.length + DATAGRAM_DISSECTORS.length)
  })
})

describe('files', () => {
  it.each(files)('%s needs no scroll map', (file) => {
    expect(readFileSync(join(SRC, file), 'utf8').split('\n').length).toBeLessThanOrEqual(MAX_LINES)
  })
})
