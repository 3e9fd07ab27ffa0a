/** The unit of the server. Nothing here starts systemd. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandOptions } from '../cli/commands.ts'
import { MAIN } from '../cli/run.ts'

const text = readFileSync(new URL('../../systemd/intransit-serve.service', import.meta.url), 'utf8')
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe('intransit-serve.service', () => {
  it('starts a server with options that there are', () => {
    const words = Array.from(text.matchAll(/--[a-z-]+/g), ([word]) => word)
    expect(words.length).toBeGreaterThan(2)
    for (const word of words.filter((one) => !['--system', '--home-dir', '--shell', '--now'].includes(one)))
      expect(commandOptions().get('serve')).toContain(word)
  })

  it('has no capability', () => {
    expect(text).toMatch(/^CapabilityBoundingSet=$/m)
    expect(text).toMatch(/^AmbientCapabilities=$/m)
  })

  it.skipIf(!hasSystemd)('is accepted by systemd, which finds little exposed (needs systemd-analyze)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'intransit-unit-'))
    const path = join(folder, 'intransit-serve.service')
    writeFileSync(path, text.replace('=/usr/bin/node /opt/intransit/dist/main.js', `=${process.execPath} ${MAIN}`))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
    const exposed = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=15', path], {
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    expect(stderr.split('\n').filter((line) => line.includes('intransit-serve'))).toEqual([])
    expect(status).toBe(0)
    expect(exposed.status, exposed.stdout).toBe(0)
  })
})
