/** More servers whose TLS is there, refused, or asked for too early: talk, caches, columns and logs. */
import { writeFileSync } from 'node:fs'
import { type Lab, SERVER_IP } from '../lab.ts'
import { serveDovecot, serveInspircd, serveProsody } from '../mail-servers.ts'
import { file, serveQuietly } from '../network.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'
import { cableRow } from './cable-row.ts'
import { memcachedServer } from './caches.ts'
import { clickhouseClient, serveClickhouse } from './databases.ts'
import { mailRow, script } from './mail.ts'

const HELLO = 'tls.handshake.type == 1'
const ANSWER = 'tls.handshake.type == 2'
const REFUSED = { [HELLO]: 1, [ANSWER]: 0 }
const BOTH = { [HELLO]: 1, [ANSWER]: 1 }
const NO_TLS = { tls: 0 }
const SCRIPT = 'a Node 20 TCP client'
const PLAIN = Buffer.from('\0alice\0not-a-secret').toString('base64')

const STREAM =
  "<?xml version='1.0'?><stream:stream to='example.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

const TALK: readonly Row[] = [
  mailRow(
    {
      name: 'xmpp-starttls-refused.pcap',
      shows: 'XMPP: starttls refused by a server without it, which then ends the stream',
      peers: `${SCRIPT}, Prosody 0.12.3`,
      checks: { 'frame contains "urn:ietf:params:xml:ns:xmpp-tls"': 'some', ...NO_TLS },
    },
    (lab) => serveProsody(lab, false, false),
    { port: 5222, lines: [STREAM, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", '</stream:stream>'] },
  ),
  mailRow(
    {
      name: 'irc-starttls-refused.pcap',
      shows: 'IRC: STARTTLS, to which a server without it says nothing; a password and a message in the clear',
      peers: `${SCRIPT}, InspIRCd 3.15.0`,
      checks: { 'frame contains "STARTTLS"': 'some', 'irc.request.command == "PASS"': 1, ...NO_TLS },
    },
    (lab) => serveInspircd(lab, false, 'not-a-secret'),
    {
      port: 6667,
      pauseMs: 700,
      lines: [
        'STARTTLS\r\n',
        'PASS not-a-secret\r\nNICK alice\r\nUSER alice 0 * :Alice\r\n',
        'JOIN #example\r\n',
        'QUIT\r\n',
      ],
    },
  ),
  mailRow(
    {
      name: 'managesieve-starttls-early.pcap',
      shows: 'ManageSieve: STARTTLS before the greeting, to a server that does not offer it; a login in the clear',
      peers: `${SCRIPT}, Dovecot 2.3.19.1`,
      checks: { 'frame contains "STARTTLS"': 1, 'frame contains "AUTHENTICATE"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'no', true),
    script(4190, 'STARTTLS', `AUTHENTICATE "PLAIN" "${PLAIN}"`, 'LOGOUT'),
  ),
]

const S_CLIENT = ['openssl', 's_client', '-connect']
const MEMCACHED = 'openssl s_client 3.0.19, memcached 1.6 of Debian'

function memcachedWay(name: string, shows: string, tls: boolean, checks: Row['checks']): Row {
  const how = `\`memcached${tls ? ' --enable-ssl' : ''}\`; \`s_client\``
  return cableRow(
    name,
    shows,
    MEMCACHED,
    how,
    checks,
    async (lab) => {
      sh(
        `chmod 755 "$(dirname ${lab.temp})" ${lab.temp} && install -m 644 ${lab.pki('rsa.pem')} ${lab.pki('rsa.key')} ${lab.temp}`,
      )
      const files = ['--enable-ssl', '-o', `ssl_chain_cert=${lab.temp}/rsa.pem,ssl_key=${lab.temp}/rsa.key`]
      await memcachedServer(lab, ...(tls ? files : []))
      const typed = ['set colour 0 0 4', 'blue', 'quit']
      await lab.client([...S_CLIENT, `${SERVER_IP}:11211`, '-crlf', '-quiet'], {
        typed,
        mayFail: true,
        timeoutMs: 4000,
      })
    },
    { decodeAs: ['tcp.port==11211,tls'] },
  )
}

const MEMCACHEDS: readonly Row[] = [
  memcachedWay('memcached-tls.pcap', 'memcached inside TLS: only TLS is to be seen', true, BOTH),
  memcachedWay(
    'memcached-tls-refused.pcap',
    'a ClientHello to a memcached without TLS, which takes it for no command',
    false,
    REFUSED,
  ),
]

const CLICKHOUSE = 'clickhouse-client 18.16, ClickHouse 18.16 of Debian'
const SECURE = 9440

function clickhouseWay(name: string, shows: string, port: number, checks: Row['checks']): Row {
  return cableRow(
    name,
    shows,
    CLICKHOUSE,
    `\`clickhouse-client --secure\` to port ${port}; server with \`tcp_port_secure\` ${SECURE} and \`tcp_port\` 9000`,
    checks,
    async (lab) => {
      await serveClickhouse(lab, SECURE)
      await clickhouseClient(lab, 'not-a-secret', '--secure', '--port', String(port))
    },
    { maxSeconds: 60, decodeAs: [`tcp.port==${port},tls`] },
  )
}

const CLICKHOUSES: readonly Row[] = [
  clickhouseWay('clickhouse-tls.pcap', 'ClickHouse, native protocol inside TLS: only TLS is to be seen', SECURE, BOTH),
  clickhouseWay('clickhouse-tls-refused.pcap', 'a ClientHello to the port without TLS', 9000, REFUSED),
]

/** One rsyslogd sends what `logger` hands it to the other. */
async function forward(lab: Lab, serverTls: boolean): Promise<void> {
  const driver = `DefaultNetstreamDriverCAFile="${lab.pki('rsa-root.pem')}"`
  const keys = `DefaultNetstreamDriverCertFile="${lab.pki('rsa.pem')}" DefaultNetstreamDriverKeyFile="${lab.pki('rsa.key')}"`
  const stream = serverTls ? 'StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"' : ''
  const server = file(
    lab,
    'server.conf',
    `${serverTls ? `global(${driver} ${keys})` : ''}
     module(load="imtcp" ${stream})
     input(type="imtcp" address="${SERVER_IP}" port="6514")
     *.* /dev/null\n`,
  )
  await serveQuietly(lab, `rsyslogd -n -f ${server} -i ${lab.temp}/server.pid`)
  writeFileSync(
    `${lab.temp}/client.conf`,
    `global(${driver})
     module(load="imuxsock" SysSock.Use="off")
     input(type="imuxsock" Socket="${lab.temp}/log.sock" CreatePath="on")
     action(type="omfwd" target="${SERVER_IP}" port="6514" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1"
            StreamDriverAuthMode="anon" action.resumeRetryCount="0")\n`,
  )
  await serveQuietly(lab, `rsyslogd -n -f ${lab.temp}/client.conf -i ${lab.temp}/client.pid`, 1, 'client')
  await lab.client(['logger', '-u', `${lab.temp}/log.sock`, '-t', 'lab', 'a line of a log'])
  await lab.client(['sleep', '1'])
}

const syslogWay = (name: string, shows: string, serverTls: boolean, checks: Row['checks']): Row =>
  cableRow(
    name,
    shows,
    'rsyslogd 8.2302, rsyslogd 8.2302 of Debian',
    `\`StreamDriver="gtls"\` on ${serverTls ? 'both ends' : 'the sending end'}`,
    checks,
    (lab) => forward(lab, serverTls),
    { decodeAs: ['tcp.port==6514,tls'] },
  )

const LOGS: readonly Row[] = [
  syslogWay('syslog-tls.pcap', 'syslog over TLS (RFC 5425): only TLS is to be seen', true, BOTH),
  syslogWay(
    'syslog-tls-refused.pcap',
    'a ClientHello to a port that takes syslog in the clear, which keeps silent',
    false,
    { [HELLO]: 'some', [ANSWER]: 0 },
  ),
]

export const TLS_OTHER_WAYS: readonly Row[] = [...TALK, ...MEMCACHEDS, ...CLICKHOUSES, ...LOGS]
