import { existsSync } from 'node:fs'
import { type CaptureOptions, HOST, type Lab, SERVER_IP, type Wiring } from '../lab.ts'
import { sleep } from '../process.ts'
import type { Row } from '../row.ts'

export const OPENSSL = 'openssl s_client 3.0.19, openssl s_server 3.0.19'
const REQUEST = 'GET /page.txt HTTP/1.0\r\n\r\n'

/** One connection, or several, of `openssl s_client` to one `openssl s_server`. */
export interface OpensslRow {
  readonly name: string
  readonly shows: string
  /** Leaf of the PKI; null = a server without a certificate. */
  readonly leaf?: string | null
  readonly server: string
  /** Arguments of each client in turn. `%SESSION%` and `%PKI%` become paths. */
  readonly clients: readonly string[]
  readonly port?: number
  readonly checks: Row['checks']
  /** Lines typed instead of one request. */
  readonly typed?: readonly string[]
  readonly mayFail?: boolean
  readonly setUp?: (lab: Lab) => Promise<void>
  /** A cable, and all of IP on it, where nothing else is said. */
  readonly wiring?: Wiring
  readonly capture?: CaptureOptions
}

/** Without a name for SNI: `-servername` is added unless the arguments have `-noservername`. */
export function opensslRow(spec: OpensslRow): Row {
  const { name, shows, leaf = 'rsa', server, clients, port = 443, checks } = spec
  const certificate = leaf === null ? '-nocert' : `-cert ${leaf}.pem -key ${leaf}.key`
  const tidy = (args: string): string => args.replaceAll('%PKI%/', '').replaceAll('%SESSION%', 'session.pem')
  return {
    name,
    shows,
    peers: OPENSSL,
    how: `\`s_server ${certificate}${server ? ` ${tidy(server)}` : ''}\`, \`s_client ${clients.map(tidy).join('`, then `s_client ')}\``,
    checks,
    record: async (lab) => {
      lab.wire(spec.wiring ?? 'cable')
      await spec.setUp?.(lab)
      await lab.capture(spec.capture)
      await serveOpenssl(lab, { leaf, port, args: fill(lab, server) })
      for (const client of clients) {
        await openssl(lab, port, fill(lab, client), spec)
        await sleep(100)
      }
    },
  }
}

export async function serveOpenssl(
  lab: Lab,
  {
    leaf = 'rsa',
    port = 443,
    args = '',
    host = SERVER_IP,
  }: { leaf?: string | null; port?: number; args?: string; host?: string },
): Promise<void> {
  const certificate =
    leaf === null
      ? ['-nocert']
      : ['-cert', lab.pki(`${leaf}.pem`), '-key', lab.pki(`${leaf}.key`), ...chainOf(lab, leaf)]
  const page = 'a page\n'
  await lab.client(['sh', '-c', `printf '${page}' > page.txt; printf 'GET /page.txt HTTP/1.0\\r\\n\\r\\n' > early.txt`])
  const argv = ['openssl', 's_server', '-accept', `${host}:${port}`, ...certificate, '-WWW', ...words(args)]
  // s_server refuses early data and DTLS together with -WWW, and -rev is another way to answer.
  const conversing = /-early_data|-rev|-dtls/.test(args)
  await lab.serve(conversing ? argv.filter((word) => word !== '-WWW') : argv, /ACCEPT/)
}

/** The leaf's issuing authority, where it has one: what a server sends after its own certificate. */
export function chainOf(lab: Lab, leaf: string): string[] {
  const chain = lab.pki(`${leaf}-chain.pem`)
  return existsSync(chain) ? ['-cert_chain', chain] : []
}

async function openssl(lab: Lab, port: number, args: string, spec: OpensslRow): Promise<void> {
  const name = args.includes('-noservername') ? [] : ['-servername', HOST]
  const argv = ['openssl', 's_client', '-connect', `${SERVER_IP}:${port}`, ...name, ...words(args)]
  const mayFail = spec.mayFail ?? false
  if (spec.typed) await lab.client(argv, { typed: spec.typed, mayFail })
  else await lab.client([...argv, '-ign_eof'], { input: REQUEST, mayFail })
}

const fill = (lab: Lab, args: string): string =>
  args.replaceAll('%PKI%', lab.tools.pki).replaceAll('%SESSION%', `${lab.temp}/session.pem`)

const words = (args: string): string[] => args.split(' ').filter((word) => word !== '')
