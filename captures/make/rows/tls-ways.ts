/** Servers whose TLS is asked for and not to be had, or to be had and not asked for: the ways that other rows leave out. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import { serveDovecot, servePostfix, serveVsftpd } from '../mail-servers.ts'
import type { Row } from '../row.ts'
import { serveMosquitto, serveRabbit } from './brokers.ts'
import { cableRow } from './cable-row.ts'
import { redisCli, redisServer } from './caches.ts'
import { serveMariadb } from './databases-sql.ts'
import { curl, mailRow, script } from './mail.ts'
import { write } from './remote.ts'

const HELLO = 'tls.handshake.type == 1'
const ANSWER = 'tls.handshake.type == 2'
const REFUSED = { [HELLO]: 1, [ANSWER]: 0 }
const BOTH = { [HELLO]: 1, [ANSWER]: 1 }
const NO_TLS = { tls: 0 }

const RABBIT = ['default_user = alice', 'default_pass = not-a-secret']
const rabbitTls = (lab: Lab): string[] => [
  `listeners.ssl.1 = ${SERVER_IP}:5671`,
  `ssl_options.cacertfile = ${lab.pki('ec-root.pem')}`,
  `ssl_options.certfile = ${lab.pki('rsa.pem')}`,
  `ssl_options.keyfile = ${lab.pki('rsa.key')}`,
  'ssl_options.verify = verify_none',
]

/** It checks the server's name, which it has to find first. */
function publish(lab: Lab, port: number, tls: boolean): Promise<string> {
  const hosts = join(lab.temp, 'hosts')
  writeFileSync(hosts, `${SERVER_IP} ${HOST}\n`)
  const url = `${tls ? 'amqps' : 'amqp'}://alice:not-a-secret@${HOST}:${port}`
  const trust = tls ? ['--ssl', `--cacert=${lab.pki('rsa-root.pem')}`] : []
  const argv = ['amqp-publish', '-u', url, ...trust, '-r', 'a-queue', '-b', 'hello']
  const named = `mount --bind ${hosts} /etc/hosts && exec "$@"`
  return lab.client(['unshare', '-m', 'sh', '-c', named, 'sh', ...argv], { mayFail: true, timeoutMs: 5000 })
}

interface RabbitWay {
  readonly name: string
  readonly shows: string
  readonly tls: boolean
  readonly asks: readonly (readonly [port: number, tls: boolean])[]
  readonly checks: Row['checks']
}

const RABBITS: readonly RabbitWay[] = [
  {
    name: 'amqp091-tls.pcap',
    shows: 'AMQP 0-9-1 inside TLS, on a port of its own: only TLS is to be seen',
    tls: true,
    asks: [[5671, true]],
    checks: { ...BOTH, amqp: 0 },
  },
  {
    name: 'amqp091-tls-refused.pcap',
    shows: 'a ClientHello to the port without TLS: the broker answers with the version that it speaks, and closes',
    tls: false,
    asks: [[5672, true]],
    checks: { 'frame contains 41:4d:51:50:00:00:09:01': 1, 'frame contains 16:03:01': 1 },
  },
  {
    name: 'amqp091-tls-optional.pcap',
    shows: 'one broker with both ports, and a client at each',
    tls: true,
    asks: [
      [5671, true],
      [5672, false],
    ],
    checks: { ...BOTH, 'amqp.method.method == 11 and amqp.method.arguments.mechanism == "PLAIN"': 1 },
  },
]

const rabbitWay = ({ name, shows, tls, asks, checks }: RabbitWay): Row => ({
  name,
  shows,
  peers: 'amqp-publish 0.11.0, RabbitMQ 3.10.8',
  how: asks.map(([port, own]) => `\`amqp-publish${own ? ' --ssl' : ''}\` to port ${port}`).join(', '),
  checks,
  decodeAs: ['tcp.port==5671,tls'],
  maxSeconds: 120,
  record: async (lab) => {
    lab.wire('cable')
    await serveRabbit(lab, [...RABBIT, ...(tls ? rabbitTls(lab) : [])])
    await lab.capture({ filter: 'tcp port 5671 or tcp port 5672' })
    for (const [port, own] of asks) await publish(lab, port, own)
  },
})

const PUBLISH = ['mosquitto_pub', '-h', SERVER_IP, '-i', 'a-client', '-t', 'rooms/1/temperature', '-m', '21.5']
const LOGIN = ['-u', 'alice', '-P', 'not-a-secret']
const MOSQUITTOS = 'mosquitto_pub 2.0.11, mosquitto 2.0.11'
const publishMqtt = (lab: Lab, port: number, ...args: string[]) =>
  lab.client([...PUBLISH, '-p', String(port), ...args], { mayFail: true, timeoutMs: 5000 })

const MQTT: readonly Row[] = [
  cableRow(
    'mqtt-tls-refused.pcap',
    'a ClientHello to the port without TLS: the broker closes',
    MOSQUITTOS,
    '`mosquitto_pub --cafile` to `listener 1883`',
    REFUSED,
    async (lab) => {
      await serveMosquitto(lab, [`listener 1883 ${SERVER_IP}`, 'allow_anonymous true'])
      await publishMqtt(lab, 1883, '--cafile', lab.pki('rsa-root.pem'), '--insecure')
    },
    { decodeAs: ['tcp.port==1883,tls'] },
  ),
  cableRow(
    'mqtt-tls-optional.pcap',
    'one broker with both ports, and a client with its password at each',
    MOSQUITTOS,
    '`listener 1883`, `listener 8883` with `certfile`; `mosquitto_pub` to either',
    { ...BOTH, 'mqtt.msgtype == 1 and mqtt.passwd': 1 },
    async (lab) => {
      const users = ['allow_anonymous false', 'password_file passwords']
      const files = ['certfile rsa.pem', 'keyfile rsa.key']
      await serveMosquitto(lab, [`listener 1883 ${SERVER_IP}`, ...users, `listener 8883 ${SERVER_IP}`, ...files])
      await publishMqtt(lab, 1883, ...LOGIN)
      await publishMqtt(lab, 8883, ...LOGIN, '--cafile', lab.pki('rsa-root.pem'), '--insecure')
    },
  ),
]

const SAYS = 'CONNECT {"verbose":true,"pedantic":false,"user":"alice","pass":"not-a-secret"}\r\nPING\r\n'
const USERS = ['--user', 'alice', '--pass', 'not-a-secret']

/** A script behind INFO: over to TLS, or on in the clear. */
function natsClient(lab: Lab, tls: boolean): Promise<string> {
  const turns = tls ? [['server']] : [['server'], ['client', SAYS], ['server']]
  const to = { as: 'client', host: SERVER_IP, port: 4222, turns, tls, inside: SAYS }
  return lab.client(lab.node('turns.mjs', to), { mayFail: true, timeoutMs: 3000 })
}

const NATS: readonly Row[] = [
  cableRow(
    'nats-tls-refused.pcap',
    'NATS: a client that begins TLS although INFO does not offer it; the server takes it for an operation that it does not know',
    'a script of ours, nats-server 2.9.10',
    '`peers/turns.mjs`: TLS behind INFO',
    { 'frame contains "INFO {"': 1, 'frame contains 16:03:01': 1, 'frame contains "tls_required"': 0 },
    async (lab) => {
      await lab.serve(['nats-server', '-a', SERVER_IP, '-p', '4222', ...USERS], /Server is ready/)
      await natsClient(lab, true)
    },
  ),
  cableRow(
    'nats-tls-optional.pcap',
    'NATS whose INFO says that TLS is available: one client takes it, the next logs in without',
    'a script of ours, nats-server 2.9.10',
    '`allow_non_tls: true`; `peers/turns.mjs` with TLS and without',
    { 'frame contains "tls_available"': 2, 'frame contains 16:03:01': 1, 'frame contains "not-a-secret"': 1 },
    async (lab) => {
      const tls = `tls { cert_file: "${lab.pki('rsa.pem')}", key_file: "${lab.pki('rsa.key')}" }`
      const config = write(lab, 'nats.conf', `${tls}\nallow_non_tls: true\n`)
      await lab.serve(['nats-server', '-c', config, '-a', SERVER_IP, '-p', '4222', ...USERS], /Server is ready/)
      await natsClient(lab, true)
      await natsClient(lab, false)
    },
  ),
]

const REDIS_PEERS = 'redis-cli 7.0, Redis 7.0 of Debian'
const STORES: readonly Row[] = [
  cableRow(
    'redis-tls-refused.pcap',
    'Redis: a ClientHello to the port without TLS, which is no command',
    REDIS_PEERS,
    '`redis-cli --tls`, server without `tls-port`',
    REFUSED,
    async (lab) => {
      await redisServer(lab)
      await redisCli(lab, '--tls', '--insecure', 'GET', 'colour')
    },
    { decodeAs: ['tcp.port==6379,tls'] },
  ),
  cableRow(
    'redis-tls-optional.pcap',
    'Redis with both ports, and a client with its password at each',
    REDIS_PEERS,
    '`--tls-port 6380`; `redis-cli -a` to either',
    { ...BOTH, 'frame contains "AUTH"': 1 },
    async (lab) => {
      const files = ['--tls-cert-file', lab.pki('rsa.pem'), '--tls-key-file', lab.pki('rsa.key')]
      const own = ['--tls-port', '6380', '--tls-auth-clients', 'no', '--requirepass', 'not-a-secret']
      await redisServer(lab, ...own, ...files)
      await redisCli(lab, '-a', 'not-a-secret', 'GET', 'colour')
      await redisCli(lab, '-p', '6380', '--tls', '--insecure', '-a', 'not-a-secret', 'GET', 'colour')
    },
    { decodeAs: ['tcp.port==6380,tls'] },
  ),
  cableRow(
    'mysql-ssl-refused.pcap',
    'MariaDB: a server without TLS and a client that wants it: it leaves behind the greeting, and sends no password',
    'mariadb 10.11, MariaDB 10.11 of Debian',
    '`mariadb --ssl --ssl-verify-server-cert`, server without `ssl_cert`',
    { 'mysql.server_greeting': 1, 'mysql.passwd': 0, ...NO_TLS },
    async (lab) => {
      await serveMariadb(lab, false)
      const wants = ['--ssl', '--ssl-verify-server-cert', `--ssl-ca=${lab.pki('rsa-root.pem')}`]
      const argv = ['mariadb', '--no-defaults', '-h', SERVER_IP, '-u', 'alice', '-pnot-a-secret', ...wants]
      await lab.client([...argv, '-e', 'select 1'], { mayFail: true })
    },
  ),
]

const DOVECOT = 'a Node 20 TCP client, Dovecot 2.3.19.1'
const POSTFIX = 'a Node 20 TCP client, Postfix 3.7 of Debian'

/** The command that begins TLS, at a server that does not have it; then a login all the same. */
const MAIL: readonly Row[] = [
  mailRow(
    {
      name: 'smtp-postfix-starttls-refused.pcap',
      shows: 'SMTP: STARTTLS refused by a server that does not offer it; a login in the clear',
      peers: POSTFIX,
      checks: { 'smtp.req.command == "STAR"': 1, 'smtp.req.command == "AUTH"': 'some', ...NO_TLS },
    },
    (lab) => servePostfix(lab, 'none', true),
    script(25, 'EHLO client.example.test', 'STARTTLS', 'AUTH PLAIN AGFsaWNlAG5vdC1hLXNlY3JldA==', 'QUIT'),
  ),
  mailRow(
    {
      name: 'imap-starttls-refused.pcap',
      shows: 'IMAP: STARTTLS refused by a server that does not offer it; a login in the clear',
      peers: DOVECOT,
      checks: { 'imap.request contains "STARTTLS"': 1, 'imap.request contains "LOGIN"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'no', true),
    script(143, 'a1 STARTTLS', 'a2 LOGIN alice not-a-secret', 'a3 LOGOUT'),
  ),
  mailRow(
    {
      name: 'pop3-stls-refused.pcap',
      shows: 'POP3: STLS refused by a server that does not offer it; a login in the clear',
      peers: DOVECOT,
      checks: { 'pop.request.command == "STLS"': 1, 'pop.request.command == "PASS"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'no', true),
    script(110, 'CAPA', 'STLS', 'USER alice', 'PASS not-a-secret', 'QUIT'),
  ),
  mailRow(
    {
      name: 'managesieve-starttls-refused.pcap',
      shows: 'ManageSieve: STARTTLS refused by a server that does not offer it; a login in the clear',
      peers: DOVECOT,
      checks: { 'frame contains "STARTTLS"': 'some', 'frame contains "AUTHENTICATE"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'no', true),
    script(4190, 'CAPABILITY', 'STARTTLS', 'AUTHENTICATE "PLAIN" "AGFsaWNlAG5vdC1hLXNlY3JldA=="', 'LOGOUT'),
  ),
]

const VSFTPD = 'curl 7.88.1, vsftpd 3.0.3'
const FTP_URL = `ftp://${SERVER_IP}/file.txt`
const anonymous = (...args: string[]) => [...curl(...args), '-u', 'anonymous:not-a-secret', FTP_URL]

const FTP: readonly Row[] = [
  mailRow(
    {
      name: 'ftp-vsftpd-tls.pcap',
      shows: 'FTP at a server that demands AUTH TLS, and a file over a data connection that TLS protects',
      peers: VSFTPD,
      checks: { 'ftp.request.command == "AUTH"': 1, [ANSWER]: 'some', 'ftp.request.command == "PASS"': 0 },
    },
    (lab) => serveVsftpd(lab, 'required'),
    anonymous('--ssl-reqd'),
  ),
  mailRow(
    {
      name: 'ftp-vsftpd.pcap',
      shows: 'FTP without TLS: an anonymous login and a file in the clear',
      peers: VSFTPD,
      checks: { 'ftp.request.command == "PASS"': 1, 'ftp-data': 'some', ...NO_TLS },
    },
    (lab) => serveVsftpd(lab, 'no'),
    anonymous(),
  ),
  mailRow(
    {
      name: 'ftp-vsftpd-tls-refused.pcap',
      shows: 'FTP: AUTH TLS refused by a server without it, and the client goes on in the clear',
      peers: VSFTPD,
      checks: { 'ftp.request.command == "AUTH"': 'some', 'ftp.request.command == "PASS"': 1, ...NO_TLS },
    },
    (lab) => serveVsftpd(lab, 'no'),
    anonymous('--ssl'),
  ),
  mailRow(
    {
      name: 'ftp-vsftpd-tls-optional.pcap',
      shows: 'FTP with AUTH TLS for who wants it: one client takes it, the next does not',
      peers: VSFTPD,
      checks: { 'ftp.request.command == "AUTH"': 1, 'ftp.request.command == "PASS"': 1, [ANSWER]: 'some' },
    },
    (lab) => serveVsftpd(lab, 'optional'),
    anonymous('--ssl-reqd'),
    anonymous(),
  ),
]

export const TLS_WAYS: readonly Row[] = [...RABBITS.map(rabbitWay), ...MQTT, ...NATS, ...STORES, ...MAIL, ...FTP]
