/** Runs the corpus's compare.mjs over a copy of the corpus in which what we say of a capture stands in for the capture. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

export function compare(corpus, onlyText, { flows, captures: asked }) {
  const folder = mkdtempSync(join(tmpdir(), 'corpus-'))
  for (const name of ['index.tsv', 'ja4_expected.tsv', 'truth']) symlinkSync(resolve(corpus, name), join(folder, name))
  mkdirSync(join(folder, 'captures'))
  const linesOf = groupBySource(flows)
  for (const { path } of asked.values()) {
    const records = linesOf.get(basename(path)) ?? []
    writeFileSync(join(folder, path), records.map((flow) => `${JSON.stringify(flow)}\n`).join(''))
  }
  const report = join(folder, 'report.json')
  const only = onlyText === '' ? [] : ['--only', onlyText]
  const args = [join(corpus, 'compare.mjs'), '--corpus', folder, '--command', 'cat {}', '--json', report, ...only]
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], maxBuffer: 1 << 30 })
  const compared = JSON.parse(readFileSync(report, 'utf8'))
  rmSync(folder, { recursive: true })
  return compared
}

function groupBySource(flows) {
  const groups = new Map()
  for (const flow of flows) {
    if (groups.has(flow.source)) groups.get(flow.source).push(flow)
    else groups.set(flow.source, [flow])
  }
  return groups
}
