/** Real servers for hosts.ts, with keys of their own that live as long as their folder. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENT_IP, type Hosts, hasTool, SERVER_IP } from './hosts.ts'

export const HOST = 'web.example.test'
/** As that of a page with a picture. */
const PAGE_BYTES = 200_000

const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', stdio: 'pipe', timeout: 60_000 })

/** leaf.pem and leaf.key, under an authority that no verifier knows. */
export function makeKeys(folder: string): void {
  const names = join(folder, 'names')
  writeFileSync(names, `subjectAltName=DNS:${HOST}\nextendedKeyUsage=serverAuth\n`)
  sh(
    `openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=Example CA' -days 30
     openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=${HOST}
     openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile ${names} -out leaf.pem`,
    folder,
  )
}

/** Plain HTTP on 80 and 8080, TLS 1.2 and 1.3 on 443 and 8443. One process: nothing is left when it is killed. */
export async function serveNginx(hosts: Hosts, folder: string): Promise<void> {
  writeFileSync(join(folder, 'index.html'), 'x'.repeat(PAGE_BYTES))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  )
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(
    configuration,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr; user root; events {}
     http {
       access_log off; ${temporary.join(' ')}
       server { listen 80; listen 8080; root ${folder}; }
       server {
         listen 443 ssl; listen 8443 ssl; root ${folder};
         ssl_certificate ${folder}/leaf.pem; ssl_certificate_key ${folder}/leaf.key; ssl_protocols TLSv1.2 TLSv1.3;
       }
     }`,
  )
  await hosts.serve([80, 8080, 443, 8443], 'nginx', '-e', 'stderr', '-p', folder, '-c', configuration)
}

/** `s_server` on `port`, which answers each request with a page of its own. */
export async function serveOpenssl(hosts: Hosts, folder: string, port: number, ...options: string[]): Promise<void> {
  const files = ['-cert', join(folder, 'leaf.pem'), '-key', join(folder, 'leaf.key')]
  await hosts.serve([port], 'openssl', 's_server', '-quiet', '-www', '-accept', String(port), ...files, ...options)
}

const VERSIONS = '/usr/lib/postgresql'

/** The newest installed server's programs. */
const postgresPrograms = (): string | null => {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).map((name) => join(VERSIONS, name, 'bin')) : []
  return versions.filter((bin) => existsSync(join(bin, 'initdb'))).at(-1) ?? null
}

export function whyNoPostgres(): string | null {
  if (postgresPrograms() === null) return 'needs a PostgreSQL server'
  return hasTool('psql') && hasTool('setpriv') ? null : 'needs psql and setpriv'
}

export const POSTGRES_PASSWORD = 'not-a-secret'

/** A database of its own in `folder`, with TLS for those who want it, for user alice. SIGINT ends it and what it started. */
export async function servePostgres(hosts: Hosts, folder: string): Promise<ChildProcess> {
  const bin = postgresPrograms() as string
  const home = join(folder, 'pg')
  const asPostgres = ['--reuid=postgres', '--regid=postgres', '--clear-groups']
  sh(
    `chmod 755 ${folder}
     mkdir ${home} && printf ${POSTGRES_PASSWORD} > ${home}.pw && cp leaf.pem ${home}.crt && cp leaf.key ${home}.key
     chown postgres ${home} ${home}.* && chmod 600 ${home}.key ${home}.pw
     setpriv ${asPostgres.join(' ')} ${bin}/initdb -N -D ${home} -U alice -A scram-sha-256 --pwfile=${home}.pw
     echo 'host all all ${CLIENT_IP}/32 scram-sha-256' >> ${home}/pg_hba.conf`,
    folder,
  )
  const settings = [
    `listen_addresses=${SERVER_IP}`,
    'ssl=on',
    `ssl_cert_file=${home}.crt`,
    `ssl_key_file=${home}.key`,
    `unix_socket_directories=${home}`,
  ]
  const options = settings.flatMap((setting) => ['-c', setting])
  return hosts.serve([5432], 'setpriv', ...asPostgres, join(bin, 'postgres'), '-D', home, ...options)
}
