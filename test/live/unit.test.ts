/** The shipped systemd unit: what it starts, and that what it takes away is not needed. Nothing here starts systemd. */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/index.ts'
import { commandOptions } from '../cli/commands.ts'
import { MAIN } from '../cli/run.ts'
import { ALL_TIME } from '../store/lines.ts'
import { CAPTURES, createNet, type Net, whyNoNet } from './net.ts'
import { readUnit } from './unit-file.ts'

const unit = readUnit()
const has = (tool: string): boolean => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0

/** Somebody without any right; the user of the unit exists only where it is installed. */
const NOBODY = 65534
const CAP_NET_RAW = 1n << 13n

/** setpriv's arguments for the user and the capabilities of the unit, or for none. */
function asInUnit(capabilities: readonly string[]): string[] {
  const names = capabilities.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)
  const set = ['-all', ...names].join(',')
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  return [...user, `--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`, '--no-new-privs']
}

function whyNot(): string | null {
  const why = whyNoNet()
  if (why !== null) return why
  if (!has('setpriv')) return 'needs setpriv'
  const tried = spawnSync('setpriv', [...asInUnit([]), process.execPath, MAIN, '--version'], { stdio: 'ignore' })
  return tried.status === 0 ? null : 'needs a checkout and a node that everybody may read'
}

describe('the systemd unit', () => {
  it('starts a capture with options that exist', () => {
    const options = commandOptions().get('capture')
    const [, , command, ...rest] = unit.command('eth1')
    expect(command).toBe('capture')
    expect(rest).toContain('afpacket:eth1')
    for (const word of rest) if (word.startsWith('--')) expect(options).toContain(word)
  })

  it('keeps everything in its state folder', () => {
    const folder = `/var/lib/${unit.one('StateDirectory')}`
    expect(unit.one('WorkingDirectory')).toBe(folder)
    const paths = unit.command('%i').slice(2)
    for (const word of paths) if (word.startsWith('/')) expect(word).toMatch(new RegExp(`^${folder}/`))
  })

  it('has one capability, the same in all its sets', () => {
    expect(unit.one('AmbientCapabilities')).toBe('CAP_NET_RAW')
    expect(unit.one('CapabilityBoundingSet')).toBe('CAP_NET_RAW')
  })

  it.skipIf(!has('systemd-analyze'))('is accepted by systemd, which finds little exposed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'intransit-unit-'))
    const path = join(folder, 'intransit-capture@eth1.service')
    const [node = '', main = ''] = unit.command('eth1')
    writeFileSync(path, unit.text.replace(`=${node} ${main}`, `=${process.execPath} ${MAIN}`))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
    const security = ['security', '--offline=true', '--threshold=25', path]
    const exposed = spawnSync('systemd-analyze', security, { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect(stderr.split('\n').filter((line) => line.includes('intransit-capture'))).toEqual([])
    expect(status).toBe(0)
    expect(exposed.status, exposed.stdout).toBe(0)
  })
})

const why = whyNot()

describe.skipIf(why !== null)(`a capture run as the unit runs it${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let net: Net
  let folder: string
  let runs = 0
  beforeAll(() => {
    net = createNet()
    folder = mkdtempSync(join(tmpdir(), 'intransit-unit-'))
    chmodSync(folder, 0o755)
  })
  afterAll(() => {
    net.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The unit's command in a state folder of its own, behind `wrapper`. */
  function start(receiver: string, capabilities: readonly string[], wrapper: readonly string[] = []) {
    const state = join(folder, `state${runs++}`)
    mkdirSync(state)
    chownSync(state, NOBODY, NOBODY)
    const ours = `/var/lib/${unit.one('StateDirectory')}`.replaceAll('%i', receiver)
    const args = unit.command(receiver).slice(2)
    const command = [process.execPath, MAIN, ...args.map((word) => word.replace(ours, state))]
    const child = net.spawn('setpriv', ...asInUnit(capabilities), ...wrapper, ...command)
    const run = { child, data: join(state, 'data'), said: '', ended: once(child, 'close').then(([status]) => status) }
    child.stderr?.on('data', (text) => {
      run.said += text
    })
    child.stdout?.resume()
    return run
  }

  async function says(run: { said: string }, pattern: RegExp): Promise<void> {
    for (const endMs = performance.now() + 15_000; !pattern.test(run.said); ) {
      if (performance.now() > endMs) throw new Error(`it never said ${pattern}, but: ${run.said}`)
      await new Promise((resolve) => void setTimeout(resolve, 20))
    }
  }

  const statusOf = (child: ChildProcess): string => readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const files = ['tls12-chacha20', 'tls12-client-cert-presented'].map((name) => join(CAPTURES, `${name}.pcap`))

  it('captures and stores with its one capability, and opens an interface again that went away', async () => {
    const { sender, receiver } = net.pair()
    for (const end of [sender, receiver]) net.ip('link', 'set', end, 'mtu', '65521')
    const run = start(receiver, unit.one('AmbientCapabilities').split(' '))
    await says(run, /captures /)
    const status = statusOf(run.child)
    expect(status).toMatch(new RegExp(`^Uid:\\t${NOBODY}\\t${NOBODY}\\t${NOBODY}\\t${NOBODY}$`, 'm'))
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb'])
      expect(BigInt(`0x${new RegExp(`^${set}:\\t(\\w+)$`, 'm').exec(status)?.[1]}`), set).toBe(CAP_NET_RAW)
    await net.replay(sender, files, '--topspeed')
    net.ip('link', 'del', receiver)
    await says(run, /the interface is gone/)
    net.pair(receiver)
    await says(run, /the interface is gone[\s\S]*the interface is up/)
    run.child.kill('SIGHUP')
    await says(run, /judges by .* from now on/)
    run.child.kill('SIGTERM')
    expect(await run.ended, run.said).toBe(0)
    expect(statSync(run.data).uid).toBe(NOBODY)
    const store = await openStore({ data: run.data })
    const [range] = await store.select<{ flows: string }>('time-range', ALL_TIME)
    await store.close()
    expect(Number(range?.flows)).toBeGreaterThan(0)
  })

  it('is refused without the capability, and says what is missing', async () => {
    const { receiver } = net.pair()
    const run = start(receiver, [])
    expect(await run.ended).toBe(3)
    expect(run.said).toMatch(/^ERR_SOURCE_PERMISSION: .*CAP_NET_RAW/)
  })

  it.skipIf(!has('strace') || !has('systemd-analyze'))('makes no system call that the unit forbids', async () => {
    const { sender, receiver } = net.pair()
    for (const end of [sender, receiver]) net.ip('link', 'set', end, 'mtu', '65521')
    const calls = join(folder, 'calls')
    writeFileSync(calls, '')
    chownSync(calls, NOBODY, NOBODY)
    const run = start(receiver, ['CAP_NET_RAW'], ['strace', '-D', '-f', '-qq', '-c', '-U', 'name', '-o', calls])
    await says(run, /captures /)
    await net.replay(sender, files, '--topspeed')
    run.child.kill('SIGHUP')
    await says(run, /judges by .* from now on/)
    run.child.kill('SIGTERM')
    expect(await run.ended, run.said).toBe(0)
    const made = await callsIn(calls)
    expect(made).toContain('epoll_pwait')
    const allowed = allowedCalls(unit.all('SystemCallFilter'))
    expect(made.filter((name) => !allowed.has(name))).toEqual([])
  })
})

/** strace writes its summary when the last thread is gone. */
async function callsIn(path: string): Promise<string[]> {
  for (let tries = 0; statSync(path).size === 0 && tries < 200; tries++)
    await new Promise((resolve) => void setTimeout(resolve, 20))
  const words = readFileSync(path, 'utf8').match(/^\w+$/gm) ?? []
  return words.filter((name) => name !== 'syscall' && name !== 'total')
}

/** What SystemCallFilter= leaves: @default is always allowed, and a line that begins with ~ takes away (systemd.exec(5)). */
function allowedCalls(filters: readonly string[]): Set<string> {
  const sets = new Map<string, string[]>()
  const list = execFileSync('systemd-analyze', ['syscall-filter', '--no-pager'], { encoding: 'utf8', stdio: 'pipe' })
  for (const [, name, members] of list.matchAll(/^(@\S+)\n((?: {4}.*\n?)*)/gm))
    sets.set(name as string, (members as string).match(/(?<=^ {4})[\w@-]+/gm) ?? [])
  const expand = (name: string): string[] => (name.startsWith('@') ? (sets.get(name) ?? []).flatMap(expand) : [name])
  const allowed = new Set<string>()
  for (const filter of filters) {
    const isTaken = filter.startsWith('~')
    const names = filter.slice(isTaken ? 1 : 0).split(' ')
    for (const name of names.flatMap(expand)) allowed[isTaken ? 'delete' : 'add'](name)
  }
  for (const name of [...expand('@default'), 'execve']) allowed.add(name)
  return allowed
}
