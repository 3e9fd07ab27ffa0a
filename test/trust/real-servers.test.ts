/**
 * Each fault of the laboratory at a real TLS server on loopback, seen both ways: captured as a handshake of TLS 1.2 goes by, and
 * probed; and once more in TLS 1.3, where the capture shows no certificate and the probe all of them. Judged the same each time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CERTIFICATE_FAULTS } from '../../src/report/certificate-faults.ts'
import { basisOf, judgeCertificates } from '../../src/report/judge-certificates.ts'
import { readCertificates, type SeenCertificate } from '../../src/report/read-certificates.ts'
import { openStore } from '../../src/store/index.ts'
import { candidateOf } from '../../src/trust/candidate.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { parseRevocationList } from '../../src/wire/crl.ts'
import { intransit, records } from '../cli/run.ts'
import type { Holder } from '../pki/issue.ts'
import { makeLaboratory, type Shown } from '../pki/lab.ts'
import { captureLoopback, isListening } from '../pki/loopback-capture.ts'
import { hasTool } from '../registry/tools.ts'

/** The servers run now, and so do the packets. */
const nowMs = Date.now()
const lab = makeLaboratory(nowMs)
const FIRST_PORT = 24_400

/** What others send, so that chains can be completed: shown by a server of its own. */
const elsewhere = lab.seenElsewhere.map((holder): Shown => {
  return { name: `elsewhere ${holder.name}`, chain: [holder], faults: [] }
})
const served = lab.shown.filter(({ unserved }) => unserved === undefined)
/** One for each endpoint. */
const shown = [...served, ...elsewhere].flatMap((one) => new Array<Shown>(one.endpoints ?? 1).fill(one))
const judging = {
  roots: new Roots(
    lab.roots.map(({ der }) => der),
    lab.publicRoots.map(({ der }) => der),
  ),
  revocations: new RevocationLists(lab.lists.flatMap((der) => parseRevocationList(der) ?? [])),
}

const canCapture = process.getuid?.() === 0 && hasTool('tcpdump') && hasTool('openssl')

const idOf = ({ chain }: Shown): string => candidateOf((chain[0] as Holder).der).facts.fingerprint

/** What is found of the leaves, by fingerprint. */
type Found = ReadonlyMap<string, SeenCertificate>

describe.skipIf(!canCapture)('servers with each fault (need root, tcpdump and openssl)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'real-servers-'))
  const running = new Set<ChildProcess>()
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  const start = (command: string, ...args: string[]): ChildProcess => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }
  const ended = (child: ChildProcess): Promise<void> =>
    child.exitCode === null ? new Promise((resolve) => child.once('exit', () => resolve())) : Promise.resolve()

  const file = (name: string, text: string | Uint8Array): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  /** A server that stays, and one handshake; what the client thinks of the certificate does not matter. */
  async function show({ chain, staple }: Shown, port: number, version: string): Promise<ChildProcess> {
    const [leaf, ...others] = chain as [Holder, ...Holder[]]
    const keys = ['-cert', file(`${port}-leaf`, leaf.pem), '-key', file(`${port}-key`, leaf.keyPem)]
    const chained =
      others.length === 0 ? [] : ['-cert_chain', file(`${port}-chain`, others.map(({ pem }) => pem).join(''))]
    const response = staple === undefined ? [] : ['-status_file', file(`${port}-staple`, staple)]
    // Security level 0 lets it show short keys and SHA-1; it does not look for issuers of its own.
    const level = [version, '-cipher', 'ALL:@SECLEVEL=0', '-no-CApath', '-no-CAfile', '-no-CAstore']
    const at = `127.0.0.1:${port}`
    const server = start('openssl', 's_server', '-quiet', '-accept', at, ...level, ...keys, ...chained, ...response)
    for (let i = 0; i < 400 && server.exitCode === null && !(await isListening(port)); i++) {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    const asking = ['-servername', 'web.lab.example', '-status', '-cipher', 'ALL:@SECLEVEL=0']
    await ended(start('openssl', 's_client', '-connect', at, version, ...asking))
    return server
  }

  /** All servers at once, captured, replayed into the store, and probed before they end. */
  async function run(version: string, data: string): Promise<void> {
    const pcap = `${data}.pcap`
    const capture = await captureLoopback(pcap, 'tcp', 'portrange', `${FIRST_PORT}-${FIRST_PORT + shown.length}`)
    running.add(capture.process)
    const servers: ChildProcess[] = []
    for (const [i, one] of shown.entries()) servers.push(await show(one, FIRST_PORT + i, version))
    await capture.stop()
    expect(intransit(['replay', pcap, '--data', data]).status).toBe(0)
    const limits = ['--handshakes', '1', '--rate', '100', '--timeout', '20']
    const probed = intransit(['probe', '--data', data, '--allow', '127.0.0.1', '--json', ...limits])
    expect(probed.status).toBe(0)
    expect(records(probed.stdout).map(({ outcome }) => outcome)).toEqual(shown.map(() => 'handshake'))
    for (const server of servers) {
      server.kill('SIGKILL')
      await ended(server)
    }
  }

  async function found(data: string, provenance: 'observed' | 'probed'): Promise<Found> {
    const store = await openStore({ data })
    try {
      await judgeCertificates(store, judging)
      const question = { nowUs: nowMs * 1000, name: '', expiringUs: null, failing: false, basis: basisOf(judging) }
      const all = await readCertificates(store, { ...question, provenances: [provenance] })
      return new Map(all.map((one) => [one.fingerprint_sha256, one]))
    } finally {
      await store.close()
    }
  }

  const [seenData, hiddenData] = [join(folder, 'seen'), join(folder, 'hidden')]
  let [captured, probed, hidden, revealed]: [Found, Found, Found, Found] = [new Map(), new Map(), new Map(), new Map()]
  beforeAll(async () => {
    await run('-tls1_2', seenData)
    await run('-tls1_3', hiddenData)
    captured = await found(seenData, 'observed')
    probed = await found(seenData, 'probed')
    hidden = await found(hiddenData, 'observed')
    revealed = await found(hiddenData, 'probed')
  }, 900_000)

  const judged = (one: Shown, among: Found) => {
    const leaf = among.get(idOf(one))
    return {
      faults: leaf?.faults.toSorted(),
      anchor: leaf?.anchor,
      revocation: [leaf?.revocation, leaf?.revocation_from],
      tolerated: leaf?.tolerated.map((rule) => rule.split('/')[1]),
    }
  }
  const told = ({ faults, revocation, tolerated = [] }: Shown) => ({
    faults: faults.toSorted(),
    anchor: expect.stringMatching(/^(?:public|private|none)$/),
    revocation: revocation ?? [null, null],
    tolerated: [...tolerated],
  })

  const rows = served.map((one) => ({ ...one, one }))

  it.each(rows)('captured, $name: $faults', ({ one }) => {
    expect(judged(one, captured)).toEqual(told(one))
    expect(captured.get(idOf(one))?.provenance).toEqual(['observed'])
  })

  it.each(rows)('probed, $name: $faults', ({ one }) => {
    expect(judged(one, probed)).toEqual(judged(one, captured))
    expect(probed.get(idOf(one))?.provenance).toEqual(['probed'])
  })

  it('in TLS 1.3 a capture shows no certificate', () => expect(hidden.size).toBe(0))

  it.each(rows)('probed in TLS 1.3, $name: $faults', ({ one }) => {
    expect(judged(one, revealed)).toEqual(judged(one, captured))
  })

  it('have every fault that there is', () => {
    const known = new Set(served.flatMap(({ faults }) => faults))
    expect(CERTIFICATE_FAULTS.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([])
  })

  it('are told the same by the command, by the roots and lists of its user', () => {
    const lists = join(folder, 'lists')
    mkdirSync(lists)
    for (const [i, list] of lab.lists.entries()) file(join('lists', `${i}.crl`), list)
    const roots = file('roots.pem', lab.roots.map(({ pem }) => pem).join(''))
    const asked = ['--json', '--provenance', 'observed', '--roots', roots, '--crl', lists]
    const printed = records(intransit(['certs', '--data', seenData, ...asked]).stdout)
    const byId = new Map(printed.map((one) => [one['fingerprint_sha256'], one]))
    // No root of the laboratory's is one of Mozilla's.
    for (const one of served.filter(({ anchor }) => anchor !== 'public')) {
      const leaf = byId.get(idOf(one)) as Record<string, string[]>
      expect([leaf['faults']?.toSorted(), leaf['tolerated']]).toEqual([
        one.faults.toSorted(),
        (one.tolerated ?? []).map((rule) => `sec09-recommended/${rule}`),
      ])
    }
  })
})
