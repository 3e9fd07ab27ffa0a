import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeFolders } from '../../src/core/folders.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-folders-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('makes what is missing, each with the mode, and tells the first', () => {
  expect(makeFolders(join(folder, 'a', 'b', 'c'), 0o700)).toBe(join(folder, 'a'))
  for (const name of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o700)
  expect(makeFolders(join(folder, 'a', 'b', 'c'))).toBeNull()
  expect(makeFolders(join(folder, 'a', 'b', 'd'))).toBe(join(folder, 'a', 'b', 'd'))
})

it.each([
  { name: 'a file', path: 'file', code: 'EEXIST' },
  { name: 'below a file', path: 'file/x', code: 'ENOTDIR' },
  { name: 'at a link that leads nowhere', path: 'link', code: /EEXIST|ENOENT/ },
  { name: 'below a link that leads nowhere', path: 'link/x/y', code: /EEXIST|ENOENT/ },
])('makes none $name', ({ path, code }) => {
  writeFileSync(join(folder, 'file'), '')
  if (!existsSync(join(folder, 'link'))) rmSync(join(folder, 'link'), { force: true })
  symlinkSync('/nowhere/at/all', join(folder, 'link'))
  expect(() => makeFolders(join(folder, path))).toThrow(expect.objectContaining({ code: expect.stringMatching(code) }))
})

// A process of its own: what goes on for ever would take this one with it.
it.skipIf(process.platform !== 'linux')('ends where a folder lets none be made in it', () => {
  const script = `import { makeFolders } from '${new URL('../../src/core/folders.ts', import.meta.url).href}'
    try { makeFolders('/proc/none/x') } catch ({ code }) { console.log(code) }`
  const told = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(told).toBe('ENOENT\n')
})
