/** An authority that revokes: openssl's index of it, lists, and a responder, as it runs them itself. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { der, oid, sequence, text } from '../wire/der-bytes.ts'
import type { Holder, Wish } from './issue.ts'

const octets = (bytes: readonly number[]): string => Buffer.from(bytes).toString('latin1')
const address = (url: string) => text(0x86, url)

/** AuthorityInfoAccess with OCSP, and cRLDistributionPoints: where a certificate says that its revocation is told. */
export function toldAt({ ocsp = [], crl = [] }: { ocsp?: string[]; crl?: string[] }): NonNullable<Wish['extra']> {
  const access = ocsp.map((url) => sequence(oid('1.3.6.1.5.5.7.48.1'), address(url)))
  const points = crl.map((url) => sequence(der(0xa0, der(0xa0, address(url)))))
  return [
    ...(access.length === 0 ? [] : [{ id: '1.3.6.1.5.5.7.1.1', critical: false, value: octets(sequence(...access)) }]),
    ...(points.length === 0 ? [] : [{ id: '2.5.29.31', critical: false, value: octets(sequence(...points)) }]),
  ]
}

const shortTime = (ms: number): string => `${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`

export class RevokingAuthority {
  readonly #folder: string
  readonly #ca: Holder

  constructor(folder: string, ca: Holder) {
    this.#folder = folder
    this.#ca = ca
    writeFileSync(join(folder, 'ca.pem'), ca.pem)
    writeFileSync(join(folder, 'ca.key'), ca.keyPem)
    writeFileSync(join(folder, 'crlnumber'), '01\n')
    writeFileSync(
      join(folder, 'crl.cnf'),
      '[ca]\ndefault_ca=this\n[this]\ndatabase=index.txt\ndefault_md=sha256\ncrlnumber=crlnumber\n',
    )
  }

  /** What its index has from now on; a time is that of the revocation. */
  index(certificates: readonly { readonly holder: Holder; readonly revokedMs: number | null }[]): void {
    const rows = certificates.map(({ holder, revokedMs }) =>
      [
        revokedMs === null ? 'V' : 'R',
        shortTime(holder.certificate.validity.notAfter.getTime()),
        revokedMs === null ? '' : shortTime(revokedMs),
        holder.certificate.serialNumber.toUpperCase(),
        'unknown',
        `/CN=${holder.name}`,
      ].join('\t'),
    )
    writeFileSync(join(this.#folder, 'index.txt'), rows.map((row) => `${row}\n`).join(''))
  }

  /** DER of a list of what the index has; signed by another's key if that is given. */
  list(signer: Holder = this.#ca): Buffer {
    writeFileSync(join(this.#folder, 'signer.pem'), signer.pem)
    writeFileSync(join(this.#folder, 'signer.key'), signer.keyPem)
    const keys = ['-cert', 'signer.pem', '-keyfile', 'signer.key']
    this.#openssl('ca', '-gencrl', '-config', 'crl.cnf', '-crldays', '7', ...keys, '-out', 'list.pem')
    this.#openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.der')
    return readFileSync(join(this.#folder, 'list.der'))
  }

  /** Resolves when it answers; whoever asked for it ends it. It reads the index when it starts. */
  async responder(port: number): Promise<ChildProcess> {
    const files = ['-index', 'index.txt', '-CA', 'ca.pem', '-rsigner', 'ca.pem', '-rkey', 'ca.key']
    const child = spawn('openssl', ['ocsp', '-port', String(port), ...files, '-ndays', '7'], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // It says so itself: a connection that asks for nothing would keep it waiting.
    await new Promise<void>((resolve) => {
      const listen = (text: Buffer): void => void (text.includes('waiting for OCSP') && resolve())
      child.stdout.on('data', listen)
      child.stderr.on('data', listen)
      child.once('exit', () => resolve())
    })
    return child
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' })
  }
}
