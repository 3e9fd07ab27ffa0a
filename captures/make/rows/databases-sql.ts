/** SQL servers of Debian with TLS on, off, refused and optional. */
import { CLIENT_IP, type Lab, SERVER_IP } from '../lab.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'

const PASSWORD = 'not-a-secret'

const POSTGRES: readonly Row[] = [
  postgresRow('postgresql-ssl.pcap', 'SSLRequest, S, then TLS 1.3 inside, with a HelloRetryRequest', 'require', {
    'tls.handshake.type == 2': 2,
    'tcp.len == 1 and frame[-1:1] == 53': 1,
  }),
  postgresRow('postgresql-plain.pcap', 'a startup without SSLRequest: the query and its rows in the clear', 'disable', {
    'frame contains "select"': 1,
    tls: 0,
  }),
  postgresRow(
    'postgresql-ssl-refused.pcap',
    'SSLRequest, N, and the client goes on without TLS',
    'prefer',
    { 'tcp.len == 1 and frame[-1:1] == 4e': 1, 'pgsql.authtype == 10': 1, tls: 0 },
    { ssl: 'off' },
  ),
  postgresRow(
    'postgresql-password.pcap',
    'the server asks for the password in the clear and gets it',
    'disable',
    { 'pgsql.authtype == 3': 1, 'pgsql.password': 1 },
    { method: 'password' },
  ),
  postgresRow(
    'postgresql-md5-wrong.pcap',
    'MD5 authentication with a wrong password: ErrorResponse 28P01',
    'disable',
    { 'pgsql.authtype == 5': 1, 'frame contains "28P01"': 1 },
    { method: 'md5', password: 'not-a-secret-either' },
  ),
  postgresRow(
    'postgresql-trust.pcap',
    'AuthenticationOk without a question',
    'disable',
    { 'pgsql.authtype == 0': 1, 'pgsql.password': 0 },
    { method: 'trust' },
  ),
]

interface PostgresOptions {
  readonly ssl?: 'on' | 'off'
  readonly method?: 'scram-sha-256' | 'md5' | 'password' | 'trust'
  readonly password?: string
}

function postgresRow(
  name: string,
  shows: string,
  sslmode: string,
  checks: Row['checks'],
  { ssl = 'on', method = 'scram-sha-256', password = PASSWORD }: PostgresOptions = {},
): Row {
  const by = method === 'scram-sha-256' ? 'password by SCRAM' : `\`${method}\` in pg_hba.conf`
  return {
    name,
    shows: `PostgreSQL: ${shows}`,
    peers: 'psql 15, PostgreSQL 15.18 of Debian',
    how: `\`psql sslmode=${sslmode}\`, server \`ssl=${ssl}\`, ${by}`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await servePostgres(lab, ssl, method)
      const env = { PGPASSWORD: password, PSQLRC: '/dev/null' }
      const to = `host=${SERVER_IP} port=5432 user=alice dbname=postgres sslmode=${sslmode}`
      await lab.client(['psql', to, '-Atc', "select 'a row'"], { env, mayFail: password !== PASSWORD })
    },
  }
}

async function servePostgres(lab: Lab, ssl: string, method: string): Promise<void> {
  const bin = sh('ls -d /usr/lib/postgresql/*/bin | tail -1').trim()
  const home = `${lab.temp}/pg`
  const stored = method === 'md5' ? 'md5' : 'scram-sha-256'
  sh(
    `chmod 755 "$(dirname ${lab.temp})" ${lab.temp}
     mkdir ${home} && printf ${PASSWORD} > ${home}.pw && cp ${lab.pki('rsa.pem')} ${home}.crt && cp ${lab.pki('rsa.key')} ${home}.key
     chown postgres ${home} ${home}.* && chmod 600 ${home}.key ${home}.pw
     cd / && runuser -u postgres -- ${bin}/initdb -D ${home} -U alice -A ${stored} --pwfile=${home}.pw >/dev/null
     echo 'host all all ${CLIENT_IP}/32 ${method}' >> ${home}/pg_hba.conf`,
  )
  const settings = [
    'listen_addresses=10.11.0.3',
    `ssl=${ssl}`,
    `ssl_cert_file=${home}.crt`,
    `ssl_key_file=${home}.key`,
    `unix_socket_directories=${home}`,
  ]
  await lab.serve(
    ['runuser', '-u', 'postgres', '--', `${bin}/postgres`, '-D', home, ...settings.flatMap((set) => ['-c', set])],
    /ready to accept connections/,
    { cwd: '/' },
  )
}

interface MariadbOptions {
  readonly ssl: boolean
  readonly client: string
  readonly user?: string
  readonly password?: string
}

const MARIADB: readonly Row[] = [
  mariadbRow(
    'mysql-ssl.pcap',
    'CLIENT_SSL in the greeting, SSLRequest, TLS 1.3 inside',
    { 'mysql.caps.cu': 'some', 'tls.handshake.type == 2': 1 },
    { ssl: true, client: '--ssl' },
  ),
  mariadbRow(
    'mysql-ssl-skipped.pcap',
    'the server offers TLS and the client logs in without',
    { 'mysql.query': 'some', tls: 0 },
    { ssl: true, client: '--skip-ssl' },
  ),
  mariadbRow(
    'mysql-plain.pcap',
    'a server without TLS',
    { 'mysql.query': 'some', tls: 0 },
    { ssl: false, client: '--skip-ssl' },
  ),
  mariadbRow(
    'mysql-wrong-password.pcap',
    'a wrong password: ERR 1045 with SQLSTATE 28000',
    { 'mysql.error_code == 1045': 1 },
    { ssl: false, client: '--skip-ssl', password: 'not-a-secret-either' },
  ),
]

function mariadbRow(name: string, shows: string, checks: Row['checks'], options: MariadbOptions): Row {
  const { ssl, client, user = 'alice', password = PASSWORD } = options
  return {
    name,
    shows: `MariaDB: ${shows}`,
    peers: 'mariadb 10.11, MariaDB 10.11 of Debian',
    how: `\`mariadb ${client}\`, server ${ssl ? 'with' : 'without'} \`ssl_cert\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveMariadb(lab, ssl)
      const argv = [
        'mariadb',
        '--no-defaults',
        '-h',
        SERVER_IP,
        '-u',
        user,
        `-p${password}`,
        client,
        '-e',
        "select 'a row'",
      ]
      await lab.client(argv, { mayFail: password !== PASSWORD })
    },
  }
}

export async function serveMariadb(lab: Lab, ssl: boolean): Promise<void> {
  const home = `${lab.temp}/mariadb`
  sh(
    `chmod 755 "$(dirname ${lab.temp})" ${lab.temp}
     mkdir ${home} && cp ${lab.pki('rsa.pem')} ${home}.crt && cp ${lab.pki('rsa.key')} ${home}.key
     echo "create user 'alice'@'%' identified by '${PASSWORD}';" > ${home}.sql
     chown mysql ${home} ${home}.*
     mariadb-install-db --no-defaults --user=mysql --datadir=${home} --skip-test-db >/dev/null 2>&1`,
  )
  const tls = ssl ? [`--ssl-cert=${home}.crt`, `--ssl-key=${home}.key`] : ['--skip-ssl']
  const settings = [`--datadir=${home}`, `--socket=${home}/s`, `--init-file=${home}.sql`, '--bind-address=10.11.0.3']
  await lab.serve(
    ['mariadbd', '--no-defaults', '--user=mysql', '--skip-name-resolve', ...settings, ...tls],
    /ready for connections/,
  )
}

interface TdsOptions {
  readonly client: 'off' | 'request' | 'require'
  /** Value of the server's ENCRYPTION option. */
  readonly server: 0 | 1 | 2
  readonly refuse?: boolean
}

const SAYS = ['ENCRYPT_OFF', 'ENCRYPT_ON', 'ENCRYPT_NOT_SUP']

const TDS: readonly Row[] = [
  tdsRow(
    'tds-encrypt-on.pcap',
    'PRELOGIN agrees on TLS for all, the handshake in packets of type 0x12',
    { client: 'require', server: 1 },
    {
      'tds.type == 18': 'some',
    },
  ),
  tdsRow(
    'tds-encrypt-login.pcap',
    'only the login is encrypted, the batch and its rows are in the clear',
    { client: 'request', server: 0 },
    {
      'tds.type == 18': 'some',
      'tds.type == 1': 1,
    },
  ),
  tdsRow(
    'tds-plain.pcap',
    'a server without TLS: the password of LOGIN7 is readable',
    { client: 'off', server: 2 },
    {
      'tds.type == 16': 1,
      'tds.type == 1': 1,
    },
  ),
  tdsRow(
    'tds-login-failed.pcap',
    'a login that fails with ERROR 18456',
    { client: 'off', server: 2, refuse: true },
    {
      'tds.type == 16': 1,
    },
  ),
]

function tdsRow(
  name: string,
  shows: string,
  { client, server, refuse = false }: TdsOptions,
  checks: Row['checks'],
): Row {
  return {
    name,
    shows: `Microsoft SQL Server: ${shows}`,
    peers: 'tsql of FreeTDS 1.3, a script of ours after [MS-TDS]',
    how: `\`encryption = ${client}\` in freetds.conf, server \`${SAYS[server]}\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      const files = { key: lab.pki('rsa.key'), cert: lab.pki('rsa.pem') }
      const options = { host: SERVER_IP, port: 1433, encryption: server, refuse, ...files }
      await lab.serve(lab.node('tds-server.mjs', options), /ready/)
      const conf = `${lab.temp}/freetds.conf`
      sh(`printf '[db]\\nhost = ${SERVER_IP}\\nport = 1433\\ntds version = 7.4\\nencryption = ${client}\\n' > ${conf}`)
      const env = { FREETDSCONF: conf }
      await lab.client(['tsql', '-S', 'db', '-U', 'alice', '-P', PASSWORD], {
        env,
        input: "select 'a row'\ngo\nexit\n",
        mayFail: true,
      })
    },
  }
}

/** TDS 5.0: LOGINACK with status 5, DONE. */
const SYBASE_ANSWER = '04010022 00000000 ad0e00 05 05000000 04 41736545 10000000 fd 0000 0000 00000000'.replaceAll(
  ' ',
  '',
)

const SYBASE: Row = {
  name: 'tds5-login.pcap',
  shows: 'Sybase: a login record of TDS 5.0, the password as it is',
  peers: 'tsql of FreeTDS 1.3, a script of ours after the TDS 5.0 specification',
  how: '`tds version = 5.0` in freetds.conf',
  checks: { 'tcp.dstport == 5000 and frame contains "alice"': 'some' },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture()
    const turns = [
      ['client', '00'.repeat(560)],
      ['server', SYBASE_ANSWER],
    ]
    await lab.serve(lab.node('exchange.mjs', { role: 'server', host: SERVER_IP, port: 5000, turns }), /ready/)
    const conf = `${lab.temp}/freetds.conf`
    sh(`printf '[db]\\nhost = ${SERVER_IP}\\nport = 5000\\ntds version = 5.0\\nencryption = off\\n' > ${conf}`)
    const env = { FREETDSCONF: conf }
    await lab.client(['tsql', '-S', 'db', '-U', 'alice', '-P', PASSWORD], { env, input: 'exit\n', mayFail: true })
  },
}

export const DATABASES_SQL: readonly Row[] = [...POSTGRES, ...MARIADB, ...TDS, SYBASE]
