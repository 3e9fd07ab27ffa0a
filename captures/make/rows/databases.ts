/** Databases that are not asked in SQL, and conversations written down where Debian has no peers. */
import { type Lab, SERVER_IP } from '../lab.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'
import { cableRow } from './cable-row.ts'
import {
  cassandra,
  elasticsearch,
  mysqlClearPassword,
  postgresqlGssenc,
  type Turns,
  tns,
} from './database-exchanges.ts'

const PASSWORD = 'not-a-secret'

const MONGO_PEERS = 'pymongo 3.11, a script of ours after the MongoDB wire protocol'
const MONGO = (where: string, options: string): string =>
  `import pymongo
c = pymongo.MongoClient('mongodb://${where}', serverSelectionTimeoutMS=2000, heartbeatFrequencyMS=60000${options})
try: c.db.command('count', 'c')
except Exception as e: print(e)`

function mongoRow(
  name: string,
  shows: string,
  where: string,
  checks: Row['checks'],
  options: { tls?: boolean; password?: string } = {},
): Row {
  const { tls = false, password = PASSWORD } = options
  return cableRow(
    name,
    `MongoDB: ${shows}`,
    MONGO_PEERS,
    `\`MongoClient('mongodb://${where.replace(PASSWORD, '…')}')\``,
    checks,
    async (lab) => {
      const files = tls ? { key: lab.pki('rsa.key'), cert: lab.pki('rsa.pem') } : {}
      await lab.serve(lab.node('mongodb-server.mjs', { host: SERVER_IP, port: 27017, password, ...files }), /ready/)
      await lab.client([
        '/usr/bin/python3',
        '-c',
        MONGO(where, tls ? ', tls=True, tlsAllowInvalidCertificates=True' : ''),
      ])
    },
    tls ? { decodeAs: ['tcp.port==27017,tls'] } : {},
  )
}

const PLAIN = `alice:${PASSWORD}@${SERVER_IP}/?authMechanism=PLAIN`

const MONGODB: readonly Row[] = [
  mongoRow('mongodb-plain-auth.pcap', 'saslStart with PLAIN: the password crosses in the clear', PLAIN, {
    'frame contains "saslStart"': 1,
  }),
  mongoRow(
    'mongodb-auth-failed.pcap',
    'saslStart that is answered with AuthenticationFailed',
    PLAIN,
    {
      'frame contains "AuthenticationFailed"': 1,
    },
    { password: 'another' },
  ),
  mongoRow('mongodb-no-auth.pcap', 'isMaster and a command, without authentication', `${SERVER_IP}/`, {
    'frame contains "saslStart"': 0,
    'frame contains "admin.$cmd"': 'some',
  }),
  mongoRow(
    'mongodb-tls.pcap',
    'TLS from the first byte',
    `${SERVER_IP}/`,
    { 'tls.handshake.type == 2': 'some' },
    { tls: true },
  ),
]

const CLICKHOUSE_CONFIG = `<yandex><logger><level>information</level><console>1</console></logger>
<tcp_port>9000</tcp_port><listen_host>${SERVER_IP}</listen_host><path>HOME/</path><tmp_path>HOME/tmp/</tmp_path>
<users_config>HOME/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>5368709120</mark_cache_size></yandex>`
const CLICKHOUSE_USERS = `<yandex><profiles><default/></profiles><quotas><default/></quotas><users><alice><password>${PASSWORD}</password>
<networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></alice></users></yandex>`

const CLICKHOUSE_CLIENT = `<config><openSSL><client><loadDefaultCAFile>false</loadDefaultCAFile>
<verificationMode>none</verificationMode><invalidCertificateHandler><name>AcceptCertificateHandler</name>
</invalidCertificateHandler></client></openSSL></config>`

/** `securePort`: it listens there with TLS as well. */
export async function serveClickhouse(lab: Lab, securePort?: number): Promise<void> {
  const home = `${lab.temp}/clickhouse`
  const files = `<certificateFile>${lab.pki('rsa.pem')}</certificateFile><privateKeyFile>${lab.pki('rsa.key')}</privateKeyFile>`
  const own = `<tcp_port_secure>${securePort}</tcp_port_secure><openSSL><server>${files}
<verificationMode>none</verificationMode><loadDefaultCAFile>false</loadDefaultCAFile></server></openSSL>`
  const config = CLICKHOUSE_CONFIG.replaceAll('HOME', home).replace(
    '<path>',
    `${securePort === undefined ? '' : own}<path>`,
  )
  sh(
    `mkdir -p ${home}/tmp && cat > ${home}/config.xml <<'END'\n${config}\nEND\ncat > ${home}/users.xml <<'END'\n${CLICKHOUSE_USERS}\nEND`,
  )
  await lab.serve(['clickhouse-server', `--config-file=${home}/config.xml`], /Ready for connections/)
}

export function clickhouseClient(lab: Lab, password: string, ...args: string[]): Promise<string> {
  // Whoever asks it for TLS has no authority that it would know.
  sh(`cat > ${lab.temp}/client.xml <<'END'\n${CLICKHOUSE_CLIENT}\nEND`)
  const login = ['--config-file', `${lab.temp}/client.xml`, '-h', SERVER_IP, '-u', 'alice', '--password', password]
  return lab.client(['clickhouse-client', ...login, ...args, '-q', 'select 1'], { mayFail: true })
}

function clickhouseRow(name: string, shows: string, password: string): Row {
  return cableRow(
    name,
    `ClickHouse: ${shows}`,
    'clickhouse-client 18.16, ClickHouse 18.16 of Debian',
    '`clickhouse-client --password`',
    {
      'tcp.dstport == 9000 and frame contains "ClickHouse client"': 'some',
    },
    async (lab) => {
      await serveClickhouse(lab)
      await clickhouseClient(lab, password)
    },
    { maxSeconds: 60 },
  )
}

const CLICKHOUSE: readonly Row[] = [
  clickhouseRow(
    'clickhouse-native.pcap',
    'the password in the first packet, and the server lets the user in',
    PASSWORD,
  ),
  clickhouseRow('clickhouse-wrong-password.pcap', 'the wrong password in the first packet', 'not-a-secret-either'),
]

const KAZOO = `import logging
from kazoo.client import KazooClient
c = KazooClient(hosts='${SERVER_IP}:2181', auth_data=[('digest', 'alice:${PASSWORD}')])
c.start()
c.get_children('/')
c.stop()`

const JAVA: readonly Row[] = [
  cableRow(
    'zookeeper-digest.pcap',
    'ZooKeeper: addauth digest, name and password in the clear',
    'kazoo 2.8, ZooKeeper 3.8 of Debian',
    '`KazooClient(auth_data=…)`',
    {
      'tcp.dstport == 2181 and frame contains "digest"': 1,
    },
    async (lab) => {
      const home = `${lab.temp}/zookeeper`
      sh(
        `mkdir ${home} && printf 'dataDir=${home}\\nclientPort=2181\\nclientPortAddress=${SERVER_IP}\\nadmin.enableServer=false\\n' > ${home}/zoo.cfg`,
      )
      const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
      // Without a logger of its own it does not say that it listens.
      const run = `java -cp /usr/share/java/zookeeper.jar ${main} ${home}/zoo.cfg & until ss -Htln | grep -q 2181; do sleep 0.2; done; echo ready; wait`
      await lab.serve(['sh', '-c', run], /ready/)
      await lab.client(['/usr/bin/python3', '-c', KAZOO], { timeoutMs: 30_000 })
    },
    { maxSeconds: 60 },
  ),
  cableRow(
    'drda-user-password.pcap',
    'DRDA: name and password in the clear (SECMEC 3), and the server lets the user in',
    'ij 10.14, Derby 10.14 of Debian',
    "`connect 'jdbc:derby://…;securityMechanism=3'`",
    {
      'drda.ddm.codepoint == 0x106e': 1,
    },
    async (lab) => {
      const classes = ['derby', 'derbynet', 'derbyclient', 'derbytools']
        .map((name) => `/usr/share/java/${name}.jar`)
        .join(':')
      const run = ['java', `-Dderby.system.home=${lab.temp}`, '-cp', classes]
      await lab.serve(
        [
          ...run,
          'org.apache.derby.drda.NetworkServerControl',
          'start',
          '-h',
          SERVER_IP,
          '-p',
          '1527',
          '-noSecurityManager',
        ],
        /started and ready/,
      )
      const url = `jdbc:derby://${SERVER_IP}:1527/d;create=true;user=alice;password=${PASSWORD};securityMechanism=3`
      await lab.client([...run, 'org.apache.derby.tools.ij'], {
        input: `connect '${url}';\nexit;\n`,
        timeoutMs: 30_000,
      })
    },
    { maxSeconds: 60 },
  ),
]

function exchangeRow(
  name: string,
  shows: string,
  source: string,
  port: number,
  turns: Turns,
  checks: Row['checks'],
): Row {
  return cableRow(name, shows, 'scripts of ours at both ends', `the bytes that ${source} says`, checks, async (lab) => {
    await lab.serve(lab.node('exchange.mjs', { role: 'server', host: SERVER_IP, port, turns }), /ready/)
    await lab.client(lab.node('exchange.mjs', { role: 'client', host: SERVER_IP, port, turns }))
  })
}

const SCRIPTED: readonly Row[] = [
  exchangeRow(
    'postgresql-gssenc.pcap',
    'PostgreSQL: GSSENCRequest, G, and GSSAPI tokens',
    'the PostgreSQL documentation',
    5432,
    postgresqlGssenc(),
    {
      'frame contains 04:d2:16:30': 1,
    },
  ),
  exchangeRow(
    'mysql-clear-password.pcap',
    'MySQL: AuthSwitchRequest to mysql_clear_password, the password in the clear, OK',
    'the MySQL documentation',
    3306,
    mysqlClearPassword(PASSWORD),
    {
      'frame contains "mysql_clear_password"': 1,
    },
  ),
  exchangeRow(
    'cassandra-password.pcap',
    'Cassandra: AUTHENTICATE and the password in an AUTH_RESPONSE, protocol 4',
    'native_protocol_v4.spec',
    9042,
    cassandra(PASSWORD, 4, false),
    {
      'cql.opcode == 15': 1,
    },
  ),
  exchangeRow(
    'cassandra-v5-refused.pcap',
    'Cassandra: the same inside the segments of protocol 5, and bad credentials',
    'native_protocol_v5.spec',
    9042,
    cassandra(PASSWORD, 5, true),
    {
      'frame contains "PasswordAuthenticator"': 1,
    },
  ),
  exchangeRow(
    'tns-plain.pcap',
    'Oracle: CONNECT, ACCEPT, and no native encryption chosen',
    'tshark and public captures show of Oracle Net',
    1521,
    tns(0),
    {
      'tns.type == 1': 1,
      'tns.type == 2': 1,
    },
  ),
  exchangeRow(
    'tns-aes256.pcap',
    'Oracle: native encryption by AES256 is agreed on',
    'tshark and public captures show of Oracle Net',
    1521,
    tns(17),
    {
      'tns.type == 1': 1,
    },
  ),
  exchangeRow(
    'elasticsearch-transport.pcap',
    'Elasticsearch: the handshake of the transport between nodes',
    'TcpHeader.java',
    9300,
    elasticsearch(),
    {
      'frame contains "ES"': 'some',
    },
  ),
]

export const DATABASES: readonly Row[] = [...MONGODB, ...CLICKHOUSE, ...JAVA, ...SCRIPTED]
