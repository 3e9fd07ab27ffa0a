/** Real servers on loopback, with STARTTLS of their own; each needs its Debian package, and most need root. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

export const HOST = 'probe.example.test'

const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', stdio: 'pipe', timeout: 60_000 })

/** root.pem; ca.pem under it; leaf.pem under that, with chain.pem = leaf and ca. */
export function makeKeys(folder: string): void {
  writeFileSync(join(folder, 'ca.ext'), 'basicConstraints=critical,CA:TRUE\n')
  writeFileSync(join(folder, 'leaf.ext'), `subjectAltName=DNS:${HOST}\nextendedKeyUsage=serverAuth\n`)
  sh(
    `openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj '/CN=Root' -days 30
     openssl req -newkey rsa:2048 -nodes -keyout ca.key -out ca.csr -subj '/CN=Issuing'
     openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile ca.ext -out ca.pem
     openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=${HOST}
     openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out leaf.pem
     cat leaf.pem ca.pem > chain.pem
     chmod 755 . && chmod 644 *.key`,
    folder,
  )
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

const READY_MS = 20_000

/** Runs until `stop`; in a group of its own, so that its children end with it. */
export async function serve(port: number, command: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk))
  child.on('error', () => undefined)
  const until = Date.now() + READY_MS
  while (!(await answers(port))) {
    if (Date.now() > until || child.exitCode !== null)
      throw new Error(`${command} does not serve: ${said.slice(-2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return child
}

export function stop({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

interface RealServer {
  readonly protocol: string
  /** Debian's package, and the program that tells that it is there. */
  readonly package: string
  readonly program: string
  start(folder: string, port: number): Promise<ChildProcess>
  /** Ends what leaves the group of the process that was started. */
  end?(folder: string): void
}

const file = (folder: string, name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function home(folder: string, name: string): string {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}

const dovecot = (protocol: 'imap' | 'pop3'): RealServer => ({
  protocol,
  package: `dovecot-${protocol}d`,
  program: 'dovecot',
  start(folder, port) {
    const own = home(folder, protocol)
    const configuration = file(
      own,
      'dovecot.conf',
      `base_dir = ${own}/run
state_dir = ${own}/run
instance_name = probe-${protocol}
log_path = /dev/stderr
protocols = ${protocol}
ssl = required
ssl_cert = <${folder}/chain.pem
ssl_key = <${folder}/leaf.key
passdb {
  driver = static
  args = nopassword=y
}
service ${protocol}-login {
  inet_listener ${protocol} {
    address = 127.0.0.1
    port = ${port}
  }
  inet_listener ${protocol}s {
    port = 0
  }
  chroot =
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`,
    )
    return serve(port, 'dovecot', '-F', '-c', configuration)
  },
})

export const REAL_SERVERS: readonly RealServer[] = [
  dovecot('imap'),
  dovecot('pop3'),
  {
    protocol: 'smtp',
    package: 'postfix',
    program: 'postfix',
    start(folder, port) {
      const own = home(folder, 'smtp')
      sh(`mkdir etc queue data && chown postfix: data`, own)
      file(
        join(own, 'etc'),
        'main.cf',
        `compatibility_level = 3.6
myhostname = ${HOST}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = ${own}/queue
data_directory = ${own}/data
alias_maps =
maillog_file = ${own}/log
maillog_file_prefixes = ${own}
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = ${folder}/leaf.key, ${folder}/chain.pem
smtpd_peername_lookup = no
`,
      )
      file(
        join(own, 'etc'),
        'master.cf',
        `${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
`,
      )
      return serve(port, 'postfix', '-c', join(own, 'etc'), 'start-fg')
    },
    end: (folder) => void sh('kill $(cat queue/pid/master.pid)', join(folder, 'smtp')),
  },
  {
    protocol: 'ftp',
    package: 'vsftpd',
    program: 'vsftpd',
    start(folder, port) {
      mkdirSync('/var/run/vsftpd/empty', { recursive: true })
      const configuration = file(
        home(folder, 'ftp'),
        'vsftpd.conf',
        `listen=YES
listen_address=127.0.0.1
listen_port=${port}
background=NO
ssl_enable=YES
rsa_cert_file=${folder}/chain.pem
rsa_private_key_file=${folder}/leaf.key
secure_chroot_dir=/var/run/vsftpd/empty
`,
      )
      return serve(port, 'vsftpd', configuration)
    },
  },
  {
    protocol: 'ldap',
    package: 'slapd',
    program: 'slapd',
    start(folder, port) {
      const configuration = file(
        home(folder, 'ldap'),
        'slapd.conf',
        `include /etc/ldap/schema/core.schema
pidfile ${folder}/ldap/pid
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/leaf.pem
TLSCertificateKeyFile ${folder}/leaf.key
`,
      )
      return serve(port, 'slapd', '-d', '0', '-f', configuration, '-h', `ldap://127.0.0.1:${port}`)
    },
  },
  {
    protocol: 'xmpp',
    package: 'prosody',
    program: 'prosody',
    start(folder, port) {
      const own = home(folder, 'xmpp')
      const ssl = `ssl = { certificate = "${folder}/chain.pem"; key = "${folder}/leaf.key"; protocol = "tlsv1_2+"; }`
      const configuration = file(
        own,
        'prosody.cfg.lua',
        `daemonize = false
run_as_root = true
data_path = "${own}/data"
pidfile = "${own}/pid"
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
modules_enabled = { "saslauth"; "tls"; }
modules_disabled = { "s2s"; "offline"; }
c2s_require_encryption = true
log = { { levels = { min = "info" }; to = "console" } }
${ssl}
VirtualHost "${HOST}"
${ssl}
`,
      )
      sh(`chown -R prosody: ${own}`, own)
      return serve(port, 'prosody', '--config', configuration)
    },
  },
  {
    protocol: 'postgresql',
    package: 'postgresql',
    program: 'postgres',
    start(folder, port) {
      const own = home(folder, 'pg')
      const bin = postgresFolder()
      const as = 'setpriv --reuid=postgres --regid=postgres --clear-groups'
      sh(
        `cp ../chain.pem crt && cp ../leaf.key key && chown -R postgres: . && chmod 600 key
         ${as} ${bin}/initdb -N -D ${own}/db -U alice -A scram-sha-256 --pwfile=/etc/hostname`,
        own,
      )
      const settings = [
        `listen_addresses=127.0.0.1`,
        `port=${port}`,
        'ssl=on',
        `ssl_cert_file=${own}/crt`,
        `ssl_key_file=${own}/key`,
        `unix_socket_directories=${own}`,
      ].flatMap((setting) => ['-c', setting])
      const [setpriv = '', ...rights] = as.split(' ')
      return serve(port, setpriv, ...rights, join(bin, 'postgres'), '-D', `${own}/db`, ...settings)
    },
  },
  {
    protocol: 'mysql',
    package: 'mariadb-server-core',
    program: 'mariadbd',
    start(folder, port) {
      const own = home(folder, 'mysql')
      const tls = [`--ssl-cert=${folder}/chain.pem`, `--ssl-key=${folder}/leaf.key`]
      const settings = [`--datadir=${own}`, `--socket=${own}/s`, `--port=${port}`, '--bind-address=127.0.0.1']
      return serve(port, 'mariadbd', '--no-defaults', '--user=root', '--skip-grant-tables', ...settings, ...tls)
    },
  },
]

const postgresFolder = (): string => sh('ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1', '/').trim()

/** By its place: some servers, asked for their version, begin to serve. */
const isInstalled = (program: string): boolean => sh(`command -v ${program} || true`, '/') !== ''

/** Null = it can be started. */
export function whyNot({ program, package: name }: RealServer): string | null {
  if (process.getuid?.() !== 0) return 'needs root'
  if (program === 'postgres') return postgresFolder() === '' ? `needs ${name}` : null
  return isInstalled(program) ? null : `needs ${name}`
}
