import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sh } from '../process.ts'

/**
 * The test PKI of one run, made with the `openssl` program: three certification authorities (RSA with an
 * intermediate, P-256 with an intermediate, Ed25519) and one folder of leaves. Keys live in `folder` only, which the
 * caller deletes; captures carry certificates, never keys.
 */
export function makePki(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const ca of AUTHORITIES) makeAuthority(folder, ca)
  for (const leaf of LEAVES) makeLeaf(folder, leaf)
  sh(SELF_SIGNED, folder)
  sh(OCSP_AND_DH, folder)
}

interface Authority {
  readonly name: string
  readonly key: string
  /** Authority that signs it, null for a root. */
  readonly signer: string | null
}

interface Leaf {
  readonly name: string
  readonly key: string
  readonly signer: string
  readonly subject?: string
  readonly names?: string
  readonly usage?: 'serverAuth' | 'clientAuth'
  readonly days?: readonly [from: number, until: number]
  readonly request?: string
  readonly hash?: string
}

const RSA = (bits: number): string => `-algorithm RSA -pkeyopt rsa_keygen_bits:${bits}`
const EC = (curve: string): string => `-algorithm EC -pkeyopt ec_paramgen_curve:${curve}`

const AUTHORITIES: readonly Authority[] = [
  { name: 'rsa-root', key: RSA(2048), signer: null },
  { name: 'rsa-issuing', key: RSA(2048), signer: 'rsa-root' },
  { name: 'ec-root', key: EC('P-384'), signer: null },
  { name: 'ec-issuing', key: EC('P-256'), signer: 'ec-root' },
  { name: 'ed-root', key: '-algorithm ED25519', signer: null },
]

const LEAVES: readonly Leaf[] = [
  { name: 'rsa', key: RSA(2048), signer: 'rsa-issuing' },
  { name: 'ec', key: EC('P-256'), signer: 'ec-issuing' },
  { name: 'ed', key: '-algorithm ED25519', signer: 'ed-root' },
  { name: 'pss', key: '-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048', signer: 'rsa-issuing' },
  { name: 'expired', key: RSA(2048), signer: 'rsa-issuing', days: [-120, -30] },
  { name: 'revoked', key: RSA(2048), signer: 'rsa-issuing' },
  { name: 'sha1', key: RSA(2048), signer: 'rsa-issuing', hash: 'sha1' },
  {
    name: 'client',
    key: EC('P-256'),
    signer: 'ec-issuing',
    subject: '/CN=backup-agent/O=Example Operations',
    names: 'email:backup@example.test',
    usage: 'clientAuth',
  },
]

/** For the oldest peers and the weakest findings: no authority would sign these. */
const SELF_SIGNED = `
  openssl req -x509 -newkey rsa:1024 -sha1 -nodes -keyout weak.key -out weak.pem -days 3650 -subj '/CN=web.example.test'
  openssl req -x509 -newkey rsa:1024 -md5 -nodes -keyout md5.key -out md5.pem -days 3650 -subj '/CN=legacy.example.test'
  openssl rsa -traditional -in md5.key -out md5-traditional.key
  openssl rsa -traditional -in rsa.key -out rsa-traditional.key`

const OCSP_AND_DH = `
  openssl ocsp -index rsa-issuing/index.txt -CA rsa-issuing.pem -rsigner rsa-issuing.pem -rkey rsa-issuing.key \
    -issuer rsa-issuing.pem -cert rsa-leaf.pem -ndays 7 -respout rsa-ocsp.der
  openssl ca -config rsa-issuing.cnf -revoke revoked-leaf.pem -crl_reason keyCompromise
  openssl ocsp -index rsa-issuing/index.txt -CA rsa-issuing.pem -rsigner rsa-issuing.pem -rkey rsa-issuing.key \
    -issuer rsa-issuing.pem -cert revoked-leaf.pem -ndays 7 -respout revoked-ocsp.der
  openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh2048.pem
  openssl dhparam -out dh1024.pem 1024`

function makeAuthority(folder: string, { name, key, signer }: Authority): void {
  const home = join(folder, name)
  mkdirSync(join(home, 'issued'), { recursive: true })
  writeFileSync(join(home, 'index.txt'), '')
  writeFileSync(join(home, 'serial'), '1000')
  writeFileSync(join(folder, `${name}.cnf`), configOf(name))
  const subject = `/CN=Example ${name}/O=Example Test PKI`
  sh(
    `openssl genpkey ${key} -out ${name}.key && openssl req -new -config ${name}.cnf -key ${name}.key -subj '${subject}' -out ${name}.csr`,
    folder,
  )
  const by = signer === null ? `-config ${name}.cnf -selfsign` : `-config ${signer}.cnf`
  sh(
    `openssl ca -batch -notext ${by} -extensions authority ${period(-2, 3650)} -in ${name}.csr -out ${name}.pem`,
    folder,
  )
}

/** Writes NAME.key, NAME-leaf.pem, NAME-chain.pem (its issuing authority), and NAME.pem: both, as a server sends them. */
function makeLeaf(folder: string, leaf: Leaf): void {
  const { name, key, signer, usage = 'serverAuth', hash } = leaf
  const subject = leaf.subject ?? '/CN=web.example.test'
  const names = leaf.names ?? 'DNS:web.example.test,DNS:www.example.test,IP:10.11.0.3'
  const [from, until] = leaf.days ?? [-1, 89]
  const digest = hash === undefined ? '' : `-md ${hash}`
  sh(
    `openssl genpkey ${key} -out ${name}.key
     openssl req -new -config ${signer}.cnf -key ${name}.key -subj '${subject}' -addext subjectAltName=${names} -out ${name}.csr
     openssl ca -batch -notext -config ${signer}.cnf -extensions ${usage} ${digest} ${period(from, until)} -in ${name}.csr -out ${name}-leaf.pem
     cat ${name}-leaf.pem > ${name}.pem`,
    folder,
  )
  if (signer.endsWith('-issuing')) sh(`cp ${signer}.pem ${name}-chain.pem && cat ${signer}.pem >> ${name}.pem`, folder)
}

/** `-startdate … -enddate …` in days from today. */
function period(from: number, until: number): string {
  const at = (days: number): string => {
    const text = new Date(Date.now() + days * 86_400_000).toISOString()
    return `${text.slice(0, 19).replace(/[-:T]/g, '')}Z`
  }
  return `-startdate ${at(from)} -enddate ${at(until)}`
}

const configOf = (name: string): string => `
[ca]
default_ca = this
[this]
database = ${name}/index.txt
new_certs_dir = ${name}/issued
serial = ${name}/serial
certificate = ${name}.pem
private_key = ${name}.key
default_md = ${name.startsWith('ed') ? 'default' : 'sha256'}
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = dn
prompt = no
[dn]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
[serverAuth]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[clientAuth]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`
