/** Each fault of the laboratory at a real TLS server on loopback: captured as its handshake goes by, replayed, and judged. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { candidateOf } from '../../src/trust/candidate.ts'
import { intransit, records } from '../cli/run.ts'
import type { Holder } from '../pki/issue.ts'
import { makeLaboratory, type Shown } from '../pki/lab.ts'
import { captureLoopback, isListening } from '../pki/loopback-capture.ts'
import { hasTool } from '../registry/tools.ts'

/** The servers run now, and so do the packets. */
const nowMs = Date.now()
const lab = makeLaboratory(nowMs)
const FIRST_PORT = 24_400
const STALE = 'cert-staple-stale'
const PACK = new URL('../../src/classify/policies/sec09-recommended.json', import.meta.url)

/** What others send, so that chains can be completed: shown by a server of its own. */
const elsewhere = lab.seenElsewhere.map((holder): Shown => {
  return { name: `elsewhere ${holder.name}`, chain: [holder], faults: [] }
})
const served = lab.shown.filter(({ unserved }) => unserved === undefined)
/** One for each endpoint. */
const shown = [...served, ...elsewhere].flatMap((one) => new Array<Shown>(one.endpoints ?? 1).fill(one))

const canCapture = process.getuid?.() === 0 && hasTool('tcpdump') && hasTool('openssl')

describe.skipIf(!canCapture)('servers with each fault (need root, tcpdump and openssl)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'real-servers-'))
  const pcap = join(folder, 'all.pcap')
  const data = join(folder, 'data')
  const running: ChildProcess[] = []
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  const start = (command: string, ...args: string[]): ChildProcess => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    running.push(child)
    return child
  }
  const ended = (child: ChildProcess): Promise<void> =>
    child.exitCode === null ? new Promise((resolve) => child.once('exit', () => resolve())) : Promise.resolve()

  /** One server and one handshake; what the client thinks of the certificate does not matter. */
  async function show({ chain, staple }: Shown, port: number): Promise<void> {
    const file = (what: string, text: string | Uint8Array): string => {
      const path = join(folder, `${port}-${what}`)
      writeFileSync(path, text)
      return path
    }
    const [leaf, ...others] = chain as [Holder, ...Holder[]]
    const keys = ['-cert', file('leaf', leaf.pem), '-key', file('key', leaf.keyPem)]
    const more = others.length === 0 ? [] : ['-cert_chain', file('chain', others.map(({ pem }) => pem).join(''))]
    const response = staple === undefined ? [] : ['-status_file', file('staple', staple)]
    // Security level 0 lets it show short keys and SHA-1; it does not look for issuers of its own.
    const level = ['-tls1_2', '-cipher', 'ALL:@SECLEVEL=0', '-no-CApath', '-no-CAfile', '-no-CAstore']
    const server = start(
      'openssl',
      's_server',
      '-quiet',
      '-accept',
      `127.0.0.1:${port}`,
      ...level,
      ...keys,
      ...more,
      ...response,
    )
    for (let i = 0; i < 200 && server.exitCode === null && !(await isListening(port)); i++) {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    const name = ['-servername', 'web.lab.example']
    await ended(
      start(
        'openssl',
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-tls1_2',
        '-cipher',
        'ALL:@SECLEVEL=0',
        '-status',
        ...name,
      ),
    )
    server.kill('SIGKILL')
    await ended(server)
  }

  const flows: Record<string, unknown>[] = []
  const listed = new Map<string, Record<string, unknown>>()
  beforeAll(async () => {
    const capture = await captureLoopback(pcap, 'tcp', 'portrange', `${FIRST_PORT}-${FIRST_PORT + shown.length}`)
    running.push(capture.process)
    for (const [i, one] of shown.entries()) await show(one, FIRST_PORT + i)
    await capture.stop()
    expect(existsSync(pcap)).toBe(true)
    const roots = join(folder, 'roots.pem')
    writeFileSync(roots, lab.roots.map(({ pem }) => pem).join(''))
    const lists = join(folder, 'lists')
    mkdirSync(lists)
    for (const [i, list] of lab.lists.entries()) writeFileSync(join(lists, `${i}.crl`), list)
    expect(intransit(['replay', pcap, '--data', data]).status).toBe(0)
    // As a violation, which records have; the pack only warns.
    const pack = JSON.parse(readFileSync(PACK, 'utf8')) as { rules: { id: string }[] }
    const rules = pack.rules.filter(({ id }) => id === STALE).map((rule) => ({ ...rule, outcome: 'fail' }))
    const policy = join(folder, 'policy.json')
    writeFileSync(policy, JSON.stringify({ ...pack, rules }))
    const asRecords = ['--no-store', '--format', 'jsonl', '--policy', policy]
    for (const one of records(intransit(['replay', pcap, ...asRecords]).stdout)) flows.push(one)
    const judging = ['--roots', roots, '--crl', lists]
    for (const one of records(intransit(['certs', '--data', data, '--json', ...judging]).stdout)) {
      listed.set(one['fingerprint_sha256'] as string, one)
    }
  }, 240_000)

  it.each(served)('$name: $faults', ({ chain, faults, revocation = [null, null] }) => {
    const leaf = listed.get(candidateOf((chain[0] as Holder).der).facts.fingerprint)
    expect((leaf?.['faults'] as string[] | undefined)?.sort()).toEqual([...faults].sort())
    expect([leaf?.['revocation'], leaf?.['revocation_from']]).toEqual(revocation)
  })

  it('a staple that is out of date breaks its rule, and no other does', () => {
    const broken = flows.filter(({ violations = [] }) => (violations as string[]).some((rule) => rule.endsWith(STALE)))
    const ports = shown.flatMap(({ breaks }, i) => (breaks === STALE ? [FIRST_PORT + i] : []))
    expect(ports).toHaveLength(1)
    expect(broken.map(({ server_port }) => server_port)).toEqual(ports)
  })
})
