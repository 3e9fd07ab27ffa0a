/** Mail, news, files, directories and talk: TLS on, off, optional and refused, and every way of a login. */
import { CLIENT_IP, type Lab, SERVER_IP } from '../lab.ts'
import {
  serveDovecot,
  serveInspircd,
  serveNnrpd,
  servePostfix,
  serveProftpd,
  serveProsody,
  serveSlapd,
} from '../mail-servers.ts'
import type { Row } from '../row.ts'
import { CURL } from './peers.ts'

const DOVECOT = 'Dovecot 2.3.19.1'
const POSTFIX = 'Postfix 3.7 of Debian'
const PROFTPD = 'ProFTPD 1.3.8'
const SLAPD = 'slapd 2.5.13'
const INSPIRCD = 'InspIRCd 3.15.0'
const PROSODY = 'Prosody 0.12.3'
const NNRPD = 'nnrpd of INN 2.7.1'
const S_CLIENT = 'openssl s_client 3.0.19'
const SCRIPT = 'a Node 20 TCP client'
const LOGIN = 'alice:not-a-secret'
/** "\0alice\0not-a-secret", as SASL PLAIN sends it. */
const PLAIN = Buffer.from('\0alice\0not-a-secret').toString('base64')
const HANDSHAKE = { 'tls.handshake.type == 1': 1, 'tls.handshake.type == 2': 1 }
const NO_TLS = { tls: 0 }

type Client = readonly string[]

/** One server, and clients one after the other. */
export function mailRow(
  row: Omit<Row, 'record' | 'how'>,
  serve: (lab: Lab) => Promise<unknown>,
  ...clients: readonly (Client | { typed: Client; argv: Client } | { lines: Client; port: number; pauseMs?: number })[]
): Row {
  const told = clients.map((one) =>
    'lines' in one
      ? one.lines.map((line) => line.replaceAll('\r\n', ' ').trim()).join(' / ')
      : 'argv' in one
        ? one.argv.join(' ')
        : one.join(' '),
  )
  return {
    ...row,
    how: `\`${told.join('`, `').replaceAll('|', '¦')}\``,
    record: async (lab) => {
      lab.wire('cable')
      // Servers ask for names and echo what is no business of the conversation.
      await lab.capture({ filter: 'tcp' })
      await serve(lab)
      for (const one of clients) {
        if ('lines' in one)
          await lab.client(lab.node('tcp-client.mjs', { host: SERVER_IP, hold: 200, pauseMs: 250, ...one }))
        else if ('argv' in one) await lab.client(one.argv, { typed: one.typed, mayFail: true })
        else await lab.client(one, { mayFail: true, input: 'Subject: hello\r\n\r\nhello\r\n' })
      }
    },
  }
}

export const curl = (...args: Client): Client => ['curl', '-sSk', '--max-time', '8', '-u', LOGIN, ...args]
const sClient = (protocol: string, port: number, ...typed: Client) => ({
  argv: ['openssl', 's_client', '-starttls', protocol, '-tls1_3', '-ign_eof', '-connect', `${SERVER_IP}:${port}`],
  typed,
})
export const script = (port: number, ...lines: Client) => ({ port, lines: lines.map((line) => `${line}\r\n`) })
const mail = ['--mail-from', 'a@example.test', '--mail-rcpt', 'b@example.test', '-T', '-'] as const
const smtpUrl = `smtp://${SERVER_IP}:25/client.example.test`

const SMTP: readonly Row[] = [
  mailRow(
    {
      name: 'smtp-postfix-starttls.pcap',
      shows: 'SMTP over to TLS by STARTTLS at a server that demands it',
      peers: `${CURL}, ${POSTFIX}`,
      checks: { 'smtp.req.command == "STAR"': 1, ...HANDSHAKE },
    },
    (lab) => servePostfix(lab, 'encrypt', false),
    curl('--ssl-reqd', ...mail, smtpUrl),
  ),
  mailRow(
    {
      name: 'smtp-postfix-skipped.pcap',
      shows: 'STARTTLS offered and not taken: a login by AUTH LOGIN, and a mail, in the clear',
      peers: `${CURL}, ${POSTFIX}`,
      checks: { 'smtp.req.command == "AUTH"': 'some', 'smtp.req.command == "STAR"': 0, ...NO_TLS },
    },
    (lab) => servePostfix(lab, 'may', true),
    curl('--login-options', 'AUTH=LOGIN', ...mail, smtpUrl),
  ),
  mailRow(
    {
      name: 'smtp-postfix-auth-failure.pcap',
      shows: 'AUTH CRAM-MD5 with a wrong password, no STARTTLS on offer',
      peers: `${CURL}, ${POSTFIX}`,
      checks: { 'smtp.response.code == 535': 1, ...NO_TLS },
    },
    (lab) => servePostfix(lab, 'none', true),
    ['curl', '-sS', '-u', 'alice:not-that-secret', '--login-options', 'AUTH=CRAM-MD5', ...mail, smtpUrl],
  ),
  mailRow(
    {
      name: 'lmtp-dovecot.pcap',
      shows: 'LMTP: a mail in the clear to a server that offers STARTTLS',
      peers: `${SCRIPT}, ${DOVECOT}`,
      checks: { 'tcp.dstport == 24 and frame contains "LHLO"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'yes', true),
    script(24, 'LHLO client.example.test', 'MAIL FROM:<a@example.test>', 'RCPT TO:<alice>', 'QUIT'),
  ),
  mailRow(
    {
      name: 'lmtp-dovecot-starttls.pcap',
      shows: 'LMTP over to TLS by STARTTLS',
      peers: `${S_CLIENT}, ${DOVECOT}`,
      checks: { 'tcp.dstport == 24 and frame contains "STARTTLS"': 1 },
    },
    (lab) => serveDovecot(lab, 'yes', true),
    sClient('lmtp', 24, 'QUIT'),
  ),
]

const serveSmtpScript = (lab: Lab, starttls: string) =>
  lab.serve(
    lab.node('smtp-server.mjs', {
      host: SERVER_IP,
      port: 25,
      starttls,
      key: lab.pki('rsa.key'),
      cert: lab.pki('rsa.pem'),
    }),
    /ready/,
  )

const STRIPPED: readonly Row[] = [
  mailRow(
    {
      name: 'smtp-starttls-blanked.pcap',
      shows:
        'SMTP: a device on the path has written over the offer of STARTTLS ("XXXXXXXA"); the login crosses in the clear',
      peers: `${CURL}, a Node 20 SMTP server that writes what such a device would`,
      checks: { 'frame contains "250-XXXXXXXA"': 1, 'smtp.req.command == "AUTH"': 'some', ...NO_TLS },
    },
    (lab) => serveSmtpScript(lab, 'blank'),
    curl('--ssl', ...mail, smtpUrl),
  ),
  mailRow(
    {
      name: 'smtp-starttls-missing.pcap',
      shows: 'SMTP: two conversations with one server; STARTTLS, which the first was offered, is missing in the second',
      peers: `${CURL}, a Node 20 SMTP server that offers STARTTLS once`,
      checks: { 'frame contains "250-STARTTLS"': 1, 'smtp.req.command == "EHLO"': 2, ...NO_TLS },
    },
    (lab) => serveSmtpScript(lab, 'once'),
    script(25, 'EHLO client.example.test', 'QUIT'),
    script(25, 'EHLO client.example.test', 'MAIL FROM:<a@example.test>', 'QUIT'),
  ),
]

const NEWS: readonly Row[] = [
  mailRow(
    {
      name: 'nntp-starttls.pcap',
      shows: 'NNTP over to TLS by STARTTLS',
      peers: `${S_CLIENT}, ${NNRPD}`,
      checks: { 'nntp and frame contains "STARTTLS"': 2 },
    },
    (lab) => serveNnrpd(lab, true),
    sClient('nntp', 119, 'QUIT'),
  ),
  mailRow(
    {
      name: 'nntp-authinfo.pcap',
      shows: 'NNTP: STARTTLS offered and refused (the server has no certificate), AUTHINFO USER and PASS in the clear',
      peers: `${SCRIPT}, ${NNRPD}`,
      checks: { 'nntp and frame contains "AUTHINFO PASS"': 1, ...NO_TLS },
    },
    (lab) => serveNnrpd(lab, false),
    script(119, 'CAPABILITIES', 'STARTTLS', 'AUTHINFO USER alice', 'AUTHINFO PASS not-a-secret', 'LIST', 'QUIT'),
  ),
]

/** Mail clients against Dovecot, which has the same switches for each protocol. */
const DOVECOTS: readonly Row[] = [
  mailRow(
    {
      name: 'imap-starttls.pcap',
      shows: 'IMAP over to TLS by STARTTLS at a server that takes no login without (LOGINDISABLED)',
      peers: `${CURL}, ${DOVECOT}`,
      checks: { 'imap.request contains "STARTTLS"': 1, 'frame contains "LOGINDISABLED"': 'some', ...HANDSHAKE },
    },
    (lab) => serveDovecot(lab, 'required', false),
    curl('--ssl-reqd', `imap://${SERVER_IP}:143/`),
  ),
  mailRow(
    {
      name: 'imap-skipped.pcap',
      shows: 'IMAP: STARTTLS offered and not taken, a SASL PLAIN login and the list of mailboxes in the clear',
      peers: `${CURL}, ${DOVECOT}`,
      checks: { 'imap.request contains "AUTHENTICATE PLAIN"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'yes', true),
    curl('--login-options', 'AUTH=PLAIN', `imap://${SERVER_IP}:143/`),
  ),
  mailRow(
    {
      name: 'imap-login-no-tls.pcap',
      shows: 'IMAP without STARTTLS: LOGIN with literals, a mailbox in the clear',
      peers: `${SCRIPT}, ${DOVECOT}`,
      checks: { 'imap.request contains "LOGIN"': 1, 'frame contains "STARTTLS"': 0, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'no', true),
    {
      port: 143,
      lines: [
        'a1 CAPABILITY\r\n',
        'a2 LOGIN {5}\r\n',
        'alice {12}\r\n',
        'not-a-secret\r\n',
        'a3 SELECT INBOX\r\n',
        'a4 LOGOUT\r\n',
      ],
    },
  ),
  mailRow(
    {
      name: 'imap-login-refused.pcap',
      shows: 'IMAP: LOGIN although LOGINDISABLED; the password crosses and is refused',
      peers: `${SCRIPT}, ${DOVECOT}`,
      checks: { 'frame contains "PRIVACYREQUIRED"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'yes', false),
    script(143, 'a1 LOGIN alice not-a-secret', 'a2 LOGOUT'),
  ),
  mailRow(
    {
      name: 'pop3-stls.pcap',
      shows: 'POP3 over to TLS by STLS',
      peers: `${CURL}, ${DOVECOT}`,
      checks: { 'pop.request.command == "STLS"': 1, ...HANDSHAKE },
    },
    (lab) => serveDovecot(lab, 'required', false),
    curl('--ssl-reqd', `pop3://${SERVER_IP}:110/`),
  ),
  mailRow(
    {
      name: 'pop3-skipped.pcap',
      shows: 'POP3: STLS offered and not taken, USER and PASS and the list of mails in the clear',
      peers: `${CURL}, ${DOVECOT}`,
      checks: { 'pop.request.command == "PASS"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'yes', true),
    curl('--login-options', 'AUTH=+LOGIN', `pop3://${SERVER_IP}:110/`),
    script(110, 'CAPA', 'USER alice', 'PASS not-a-secret', 'STAT', 'QUIT'),
  ),
  mailRow(
    {
      name: 'pop3-cram-md5-no-tls.pcap',
      shows: 'POP3 without STLS: CRAM-MD5 hides the password, the mailbox is in the clear',
      peers: `${CURL}, ${DOVECOT}`,
      checks: { 'pop.request.command == "AUTH"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'no', true),
    curl('--login-options', 'AUTH=CRAM-MD5', `pop3://${SERVER_IP}:110/`),
  ),
  mailRow(
    {
      name: 'managesieve-starttls.pcap',
      shows: 'ManageSieve over to TLS by STARTTLS',
      peers: `${S_CLIENT}, ${DOVECOT}`,
      checks: { 'tcp.dstport == 4190 and frame contains "STARTTLS"': 1 },
    },
    (lab) => serveDovecot(lab, 'yes', true),
    sClient('sieve', 4190, 'LOGOUT'),
  ),
  mailRow(
    {
      name: 'managesieve-plain.pcap',
      shows: 'ManageSieve: STARTTLS offered and not taken, a login and the list of scripts in the clear',
      peers: `${SCRIPT}, ${DOVECOT}`,
      checks: { 'tcp.dstport == 4190 and frame contains "AUTHENTICATE"': 1, ...NO_TLS },
    },
    (lab) => serveDovecot(lab, 'yes', true),
    script(4190, `AUTHENTICATE "PLAIN" "${PLAIN}"`, 'LISTSCRIPTS', 'LOGOUT'),
  ),
]

const lftp = (commands: string): Client => [
  'lftp',
  '-e',
  `set net:timeout 5; set net:max-retries 1; set net:reconnect-interval-base 1; set ssl:verify-certificate no; set ftp:sync-mode yes; ${commands}; quit`,
  '-u',
  'alice,not-a-secret',
  `ftp://${SERVER_IP}`,
]
const FTP_URL = `ftp://${SERVER_IP}/file.txt`

const FTP: readonly Row[] = [
  mailRow(
    {
      name: 'ftp-passive.pcap',
      shows: 'FTP: USER and PASS, and a file over a passive data connection (EPSV), in the clear',
      peers: `${CURL}, ${PROFTPD}`,
      checks: { 'ftp.request.command == "PASS"': 1, 'ftp.response.code == 229': 1, 'ftp-data': 'some' },
    },
    (lab) => serveProftpd(lab, 'none'),
    curl(FTP_URL),
  ),
  mailRow(
    {
      name: 'ftp-active-anonymous.pcap',
      shows: 'FTP: an anonymous login, and a file over an active data connection (PORT)',
      peers: `${CURL}, ${PROFTPD}`,
      checks: { 'ftp.request.command == "PORT"': 1, 'tcp.srcport == 20 and tcp.len > 0': 1 },
    },
    (lab) => serveProftpd(lab, 'none'),
    ['curl', '-sS', '--disable-eprt', '--ftp-port', CLIENT_IP, '--max-time', '8', FTP_URL],
  ),
  mailRow(
    {
      name: 'ftp-auth-tls.pcap',
      shows: 'FTP over to TLS by AUTH TLS, and a file over a data connection that TLS protects (PROT P)',
      peers: `${CURL}, ${PROFTPD}`,
      checks: { 'ftp.request.command == "AUTH"': 1, 'tls.handshake.type == 1': 'some' },
    },
    (lab) => serveProftpd(lab, 'on'),
    curl('--ssl-reqd', FTP_URL),
  ),
  mailRow(
    {
      name: 'ftp-prot-c.pcap',
      shows: 'FTP: the login is inside TLS, the file is not (PROT C, active from port 20)',
      peers: `lftp 4.9.2, ${PROFTPD}`,
      checks: { 'ftp.request.command == "AUTH"': 1, 'tcp.srcport == 20 and frame contains "one line of a file"': 1 },
    },
    (lab) => serveProftpd(lab, 'auth'),
    lftp(
      'set ftp:ssl-protect-data no; set ftp:ssl-force yes; set ftp:passive-mode no; set ftp:port-range 46000-46009; cat file.txt',
    ),
  ),
  mailRow(
    {
      name: 'ftp-active-tls.pcap',
      shows: 'FTP over TLS: the server opens the data connection, the client still begins its handshake',
      peers: `lftp 4.9.2, ${PROFTPD}`,
      checks: { 'ftp.request.command == "AUTH"': 1, 'tcp.srcport == 20 and tcp.len > 0': 'some' },
    },
    (lab) => serveProftpd(lab, 'on'),
    lftp(
      'set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ftp:passive-mode no; set ftp:port-range 46000-46009; cat file.txt',
    ),
  ),
  mailRow(
    {
      name: 'ftp-auth-tls-refused.pcap',
      shows: 'FTP: AUTH TLS refused, and the login goes on in the clear',
      peers: `${CURL}, ${PROFTPD}`,
      checks: { 'ftp.request.command == "AUTH"': 'some', 'ftp.request.command == "PASS"': 1, ...NO_TLS },
    },
    (lab) => serveProftpd(lab, 'none'),
    curl('--ssl', '--list-only', `ftp://${SERVER_IP}/`),
  ),
  mailRow(
    {
      name: 'ftp-login-refused.pcap',
      shows: 'FTP: a server that takes no login without TLS; the password crosses all the same',
      peers: `${CURL}, ${PROFTPD}`,
      checks: { 'ftp.response.code == 550 or ftp.response.code == 530': 'some', ...NO_TLS },
    },
    (lab) => serveProftpd(lab, 'on'),
    script(21, 'FEAT', 'USER alice', 'PASS not-a-secret', 'QUIT'),
  ),
]

const BIND = ['-x', '-D', 'cn=alice,dc=example,dc=test', '-w', 'not-a-secret'] as const
const ldapsearch = (...args: Client): Client => [
  'env',
  'LDAPTLS_REQCERT=never',
  'ldapsearch',
  '-H',
  `ldap://${SERVER_IP}`,
  '-l',
  '5',
  ...args,
]
const SEARCH = ['-b', 'dc=example,dc=test', '(cn=alice)', 'sn'] as const
const SASL_BIND = ['-U', 'alice', '-R', 'example.test', '-w', 'not-a-secret', '-N'] as const

const LDAP: readonly Row[] = [
  mailRow(
    {
      name: 'ldap-starttls.pcap',
      shows: 'LDAP over to TLS by the StartTLS operation; the bind is inside',
      peers: `ldapsearch 2.5.13, ${SLAPD}`,
      checks: { 'ldap.requestName == "1.3.6.1.4.1.1466.20037"': 1, ...HANDSHAKE },
    },
    (lab) => serveSlapd(lab, true),
    ldapsearch('-ZZ', ...BIND, ...SEARCH),
  ),
  mailRow(
    {
      name: 'ldap-starttls-refused.pcap',
      shows: 'LDAP: StartTLS refused (the server has no certificate), and a simple bind in the clear',
      peers: `ldapsearch 2.5.13, ${SLAPD}`,
      checks: { 'ldap.requestName == "1.3.6.1.4.1.1466.20037"': 1, 'ldap.simple': 1, ...NO_TLS },
    },
    (lab) => serveSlapd(lab, false),
    ldapsearch('-Z', ...BIND, ...SEARCH),
  ),
  mailRow(
    {
      name: 'ldap-bind-failure.pcap',
      shows:
        'LDAP: the root entry, which offers StartTLS, is read; then another client binds with a wrong password in the clear',
      peers: `ldapsearch 2.5.13, ${SLAPD}`,
      checks: { 'ldap.resultCode == 49': 1, 'frame contains "supportedExtension"': 'some' },
    },
    (lab) => serveSlapd(lab, true),
    ldapsearch('-x', '-b', '', '-s', 'base', 'supportedExtension'),
    ldapsearch('-x', '-D', 'cn=alice,dc=example,dc=test', '-w', 'not-that-secret', ...SEARCH),
  ),
  mailRow(
    {
      name: 'ldap-anonymous.pcap',
      shows: 'LDAP: an anonymous bind, which has no credential, and a search in the clear',
      peers: `ldapsearch 2.5.13, ${SLAPD}`,
      checks: { 'ldap.bindRequest_element': 1, ...NO_TLS },
    },
    (lab) => serveSlapd(lab, false),
    ldapsearch('-x', ...SEARCH),
  ),
  mailRow(
    {
      name: 'ldap-digest-md5-sealed.pcap',
      shows: 'LDAP: a DIGEST-MD5 bind that agrees on encryption; what follows is wrapped',
      peers: `ldapsearch 2.5.13, ${SLAPD}`,
      checks: { 'ldap.mechanism == "DIGEST-MD5"': 'some', ...NO_TLS },
    },
    (lab) => serveSlapd(lab, false),
    ldapsearch('-Y', 'DIGEST-MD5', '-O', 'minssf=56', ...SASL_BIND, ...SEARCH),
  ),
]

const ber = (tag: number, ...content: (Buffer | string | number[])[]): Buffer => {
  const bytes = Buffer.concat(content.map((one) => Buffer.from(one as string)))
  return Buffer.concat([Buffer.from([tag, bytes.length]), bytes])
}
const number = (value: number, tag = 2) => ber(tag, [value])
const equals = (name: string, value: Buffer | string) => ber(0xa3, ber(4, name), ber(4, value))
/** "Who is a domain controller of example.test?" as [MS-ADTS] §6.3.3.1 asks it. */
const LDAP_PING = ber(
  0x30,
  number(1),
  ber(
    0x63,
    ber(4),
    number(0, 10),
    number(0, 10),
    number(0),
    number(0),
    number(0, 1),
    ber(0xa0, equals('DnsDomain', 'example.test'), equals('NtVer', Buffer.from([0x16, 0, 0, 0]))),
    ber(0x30, ber(4, 'Netlogon')),
  ),
)
/** An entry with a NETLOGON_SAM_LOGON_RESPONSE_EX that is all zeros but for its type, and the result. */
const LDAP_PONG = Buffer.concat([
  ber(
    0x30,
    number(1),
    ber(
      0x64,
      ber(4),
      ber(0x30, ber(0x30, ber(4, 'Netlogon'), ber(0x31, ber(4, Buffer.from([0x17, ...Array(30).fill(0)]))))),
    ),
  ),
  ber(0x30, number(1), ber(0x65, number(0, 10), ber(4), ber(4))),
])

const CLDAP: Row = {
  name: 'cldap.pcap',
  shows: 'LDAP over UDP: a client looks for a domain controller',
  peers: 'Node 20 at both ends, messages written from [MS-ADTS] §6.3.3',
  how: 'one datagram and its answer',
  checks: { cldap: 2, 'ldap.searchRequest_element': 1, 'ldap.searchResDone_element': 1 },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'udp' })
    const at = { host: SERVER_IP, port: 389 }
    await lab.serve(lab.node('udp-talk.mjs', { ...at, answer: LDAP_PONG.toString('hex') }), /ready/)
    await lab.client(lab.node('udp-talk.mjs', { ...at, ask: LDAP_PING.toString('hex') }))
  },
}

const IRC: readonly Row[] = [
  mailRow(
    {
      name: 'irc-starttls.pcap',
      shows: 'IRC over to TLS by STARTTLS',
      peers: `${S_CLIENT}, ${INSPIRCD}`,
      checks: { 'tcp.dstport == 6667 and frame contains "STARTTLS"': 1 },
    },
    (lab) => serveInspircd(lab, true, null),
    sClient('irc', 6667, 'QUIT'),
  ),
  mailRow(
    {
      name: 'irc-plain.pcap',
      shows: 'IRC: STARTTLS offered and not taken, PASS and a message in the clear',
      peers: `${SCRIPT}, ${INSPIRCD}`,
      checks: { 'irc.request.command == "PASS"': 1, ...NO_TLS },
    },
    (lab) => serveInspircd(lab, true, 'not-a-secret'),
    {
      port: 6667,
      pauseMs: 700,
      lines: [
        'CAP LS 302\r\n',
        'PASS not-a-secret\r\nNICK alice\r\nUSER alice 0 * :Alice\r\nCAP END\r\n',
        'JOIN #example\r\n',
        'QUIT\r\n',
      ],
    },
  ),
]

const STREAM =
  "<?xml version='1.0'?><stream:stream to='example.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
const XMPP: readonly Row[] = [
  mailRow(
    {
      name: 'xmpp-starttls.pcap',
      shows: 'XMPP over to TLS by starttls, which the server demands',
      peers: `${S_CLIENT}, ${PROSODY}`,
      checks: { 'frame contains "<starttls"': 'some' },
    },
    (lab) => serveProsody(lab, true, true),
    { ...sClient('xmpp', 5222), argv: [...sClient('xmpp', 5222).argv, '-xmpphost', 'example.test'] },
  ),
  mailRow(
    {
      name: 'xmpp-plain.pcap',
      shows: 'XMPP: starttls offered and not taken, SASL PLAIN and presence in the clear',
      peers: `${SCRIPT}, ${PROSODY}`,
      checks: { 'frame contains "mechanism=\'PLAIN\'"': 1, ...NO_TLS },
    },
    (lab) => serveProsody(lab, true, false),
    {
      port: 5222,
      lines: [
        STREAM,
        `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${PLAIN}</auth>`,
        STREAM,
        "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
        '<presence/>',
        '</stream:stream>',
      ],
    },
  ),
  mailRow(
    {
      name: 'xmpp-auth-failure-no-tls.pcap',
      shows: 'XMPP without starttls: SASL PLAIN with a wrong password',
      peers: `${SCRIPT}, ${PROSODY}`,
      checks: { 'frame contains "not-authorized"': 1, ...NO_TLS },
    },
    (lab) => serveProsody(lab, false, false),
    {
      port: 5222,
      lines: [
        STREAM,
        `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from('\0alice\0wrong').toString('base64')}</auth>`,
        '</stream:stream>',
      ],
    },
  ),
]

export const MAIL: readonly Row[] = [
  ...SMTP,
  ...STRIPPED,
  ...DOVECOTS,
  ...NEWS,
  ...FTP,
  ...LDAP,
  CLDAP,
  ...IRC,
  ...XMPP,
]
