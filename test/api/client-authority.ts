/** A CA for clients, made by openssl as an operator makes one: a CA, and whom it vouches for. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Identity {
  readonly cert: string
  readonly key: string
}

const openssl = (args: readonly string[]): unknown =>
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export class ClientAuthority {
  readonly pem: Buffer
  readonly #folder: string
  readonly #ca: Identity

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#folder = folder
    this.#ca = this.#identity('ca')
    const files = ['-out', this.#ca.cert, '-keyout', this.#ca.key]
    openssl(['req', '-x509', ...EC, '-days', '2', '-subj', '/CN=Clients of a test', ...files])
    this.pem = readFileSync(this.#ca.cert)
  }

  /** `alt` as openssl writes it: "DNS:a.example,URI:spiffe://example/a". */
  issue(name: string, { alt = '', purpose = 'clientAuth', subject = `/CN=${name}` } = {}): Identity {
    const made = this.#identity(name)
    const extensions = [`extendedKeyUsage=${purpose}`, ...(alt === '' ? [] : [`subjectAltName=${alt}`])]
    openssl([
      ...['req', '-x509', ...EC, '-days', '1', '-subj', subject, '-CA', this.#ca.cert, '-CAkey', this.#ca.key],
      ...['-addext', 'basicConstraints=CA:FALSE', ...extensions.flatMap((extension) => ['-addext', extension])],
      ...['-out', made.cert, '-keyout', made.key],
    ])
    return made
  }

  /** Valid between these times, as 20200101000000Z. */
  issueFor(name: string, [from, to]: readonly [string, string], alt: string): Identity {
    const made = this.#identity(name)
    const [request, config] = [join(this.#folder, 'request.pem'), join(this.#folder, 'ca.cnf')]
    const [index, serial] = [join(this.#folder, 'index'), join(this.#folder, 'serial')]
    writeFileSync(index, '')
    writeFileSync(
      config,
      `[a]\ndatabase=${index}\nrand_serial=yes\nserial=${serial}\nnew_certs_dir=${this.#folder}\ndefault_md=sha256\n` +
        `policy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nextendedKeyUsage=clientAuth\nsubjectAltName=${alt}\n`,
    )
    openssl(['req', '-new', ...EC, '-subj', `/CN=${name}`, '-out', request, '-keyout', made.key])
    openssl([
      ...['ca', '-batch', '-notext', '-config', config, '-name', 'a', '-cert', this.#ca.cert, '-keyfile', this.#ca.key],
      ...['-startdate', from, '-enddate', to, '-in', request, '-out', made.cert],
    ])
    return made
  }

  #identity = (name: string): Identity => ({
    cert: join(this.#folder, `${name}.pem`),
    key: join(this.#folder, `${name}.key`),
  })
}
