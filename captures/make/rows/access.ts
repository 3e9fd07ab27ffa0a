import { type Lab, SERVER_IP } from '../lab.ts'
import { file, type NetworkRow, row, serveQuietly } from '../network.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'

const SNMP = 'snmpget 5.9.3, snmpd 5.9.3 of Debian'
const UPTIME = '1.3.6.1.2.1.1.3.0'

function snmpRow(name: string, shows: string, args: readonly string[], checks: Row['checks']): NetworkRow {
  return {
    name,
    shows,
    peers: SNMP,
    how: `\`snmpget ${args.join(' ')} 10.11.0.3\``,
    checks,
    talk: async (lab) => {
      const config = file(
        lab,
        'snmpd.conf',
        'rocommunity not-a-secret\nrouser alice noauth\ncreateUser alice SHA-256 "not-a-secret" AES "not-a-secret"\n',
      )
      const env = { SNMP_PERSISTENT_DIR: lab.temp, MIBS: '' }
      await lab.serve(['snmpd', '-f', '-Lo', '-C', '-c', config, `udp:${SERVER_IP}:161`], /NET-SNMP version/, { env })
      await lab.client(['snmpget', ...args, SERVER_IP, UPTIME], { env })
    },
  }
}

const V3 = ['-v3', '-u', 'alice', '-a', 'SHA-256', '-A', 'not-a-secret', '-x', 'AES', '-X', 'not-a-secret', '-l']

const SNMP_ROWS: readonly NetworkRow[] = [
  snmpRow('snmp-v1.pcap', 'SNMP version 1: the community is a password in the clear', ['-v1', '-c', 'not-a-secret'], {
    'snmp.version == 0': 2,
  }),
  snmpRow('snmp-v2c.pcap', 'SNMP version 2c: the same', ['-v2c', '-c', 'not-a-secret'], { 'snmp.version == 1': 2 }),
  snmpRow(
    'snmp-v3-noauth.pcap',
    'SNMP version 3, noAuthNoPriv: discovery, then a request in the clear',
    [...V3, 'noAuthNoPriv'],
    {
      'snmp.msgVersion == 3': 4,
      'snmp.v3.flags.crypt == 1': 0,
    },
  ),
  snmpRow('snmp-v3-auth.pcap', 'SNMP version 3, authNoPriv: authenticated, readable', [...V3, 'authNoPriv'], {
    'snmp.v3.flags.auth == 1': 2,
    'snmp.v3.flags.crypt == 1': 0,
  }),
  snmpRow('snmp-v3-priv.pcap', 'SNMP version 3, authPriv: encrypted, by what no message says', [...V3, 'authPriv'], {
    'snmp.v3.flags.crypt == 1': 2,
  }),
]

const CHRONY = 'chronyd 4.3, chronyd 4.3 of Debian'

function ntpRow(name: string, shows: string, option: string, checks: Row['checks']): NetworkRow {
  return {
    name,
    shows,
    peers: CHRONY,
    how: `\`chronyd -Q 'server 10.11.0.3 iburst${option}'\``,
    checks,
    talk: async (lab) => {
      const keys = file(lab, 'chrony.keys', '1 SHA1 HEX:00112233445566778899aabbccddeeff00112233\n')
      sh(`mkdir -p /run/chrony && chmod 750 /run/chrony`)
      const shared = ['cmdport 0', `keyfile ${keys}`, `pidfile ${lab.temp}/pid`]
      const nts = [`ntsservercert ${lab.pki('rsa.pem')}`, `ntsserverkey ${lab.pki('rsa.key')}`]
      const server = ['local stratum 8', 'allow', `bindaddress ${SERVER_IP}`, ...nts, ...shared]
      await lab.serve(['chronyd', '-u', 'root', '-x', '-d', '-f', '/dev/null', '-L', '0', ...server], /starting/)
      await lab.client(
        [
          'chronyd',
          '-u',
          'root',
          '-Q',
          '-t',
          '8',
          '-f',
          '/dev/null',
          `server ${SERVER_IP} iburst maxsamples 1${option}`,
          `ntstrustedcerts ${lab.pki('rsa-root.pem')}`,
          ...shared.slice(0, 2),
          `pidfile ${lab.temp}/pid2`,
        ],
        { mayFail: true },
      )
    },
  }
}

const NTP_ROWS: readonly NetworkRow[] = [
  ntpRow('ntp-v4.pcap', 'NTP version 4: client and server, nothing authenticated', '', {
    'ntp.flags.mode == 4': 'some',
    'ntp.keyid': 0,
  }),
  ntpRow('ntp-symmetric-key.pcap', 'NTP authenticated by a shared key and SHA-1', ' key 1', {
    'ntp.keyid': 'some',
  }),
  ntpRow(
    'ntp-nts.pcap',
    'Network Time Security: keys by TLS 1.3 (NTS-KE), then authenticated NTP in the clear',
    ' nts',
    {
      'ntp.ext.type == 0x0404': 'some',
      'tls.handshake.type == 2': 'some',
    },
  ),
]

const RSYSLOG = 'logger 2.38, rsyslogd 8.2302 of Debian'

function syslogRow(name: string, shows: string, args: readonly string[], checks: Row['checks']): NetworkRow {
  return {
    name,
    shows,
    peers: RSYSLOG,
    how: `\`logger ${args.join(' ')} -n 10.11.0.3 -P 514\``,
    checks,
    talk: async (lab) => {
      const config = file(
        lab,
        'rsyslog.conf',
        `module(load="imudp") module(load="imtcp")
         input(type="imudp" address="${SERVER_IP}" port="514") input(type="imtcp" address="${SERVER_IP}" port="514")
         *.* /dev/null\n`,
      )
      await serveQuietly(lab, `rsyslogd -n -f ${config} -i ${lab.temp}/pid`)
      for (const line of ['a line of a log', 'and another']) {
        await lab.client(['logger', ...args, '-n', SERVER_IP, '-P', '514', '-t', 'lab', line])
      }
    },
  }
}

const SYSLOG_ROWS: readonly NetworkRow[] = [
  syslogRow('syslog-rfc3164.pcap', 'syslog over UDP in the form of RFC 3164', ['-d', '--rfc3164'], { syslog: 2 }),
  syslogRow('syslog-rfc5424.pcap', 'syslog over UDP in the form of RFC 5424', ['-d', '--rfc5424'], { syslog: 2 }),
  syslogRow('syslog-tcp.pcap', 'syslog over TCP, a line a message', ['-T', '--rfc3164'], { 'tcp.len > 0': 'some' }),
  syslogRow(
    'syslog-tcp-octet-count.pcap',
    'syslog over TCP behind octet counts',
    ['-T', '--rfc5424', '--octet-count'],
    {
      'tcp.len > 0': 'some',
    },
  ),
]

const FREERADIUS = 'radclient 3.2.1, FreeRADIUS 3.2.1 of Debian'

/** FreeRADIUS over UDP, and with what else is given: listeners, and clients of theirs. */
export async function serveRadius(lab: Lab, listeners = '', clients = ''): Promise<void> {
  file(lab, 'users', 'alice Cleartext-Password := "not-a-secret"\n')
  file(lab, 'dictionary', '$INCLUDE /usr/share/freeradius/dictionary\n')
  file(
    lab,
    'radiusd.conf',
    `prefix = /usr
libdir = /usr/lib/freeradius
run_dir = ${lab.temp}
thread pool {
 start_servers = 1 }
modules {
  pap {
 }
  chap {
 }
  mschap {
 }
  files { usersfile = ${lab.temp}/users }
}
client lab { ipaddr = 10.11.0.2
 secret = not-a-secret }
${clients}
server default {
  listen { type = auth
 ipaddr = ${SERVER_IP}
 port = 1812 }
  ${listeners}
  authorize {
    files
    chap
    mschap
    pap
  }
  authenticate {
    Auth-Type PAP {
 pap
 }
    Auth-Type CHAP {
 chap
 }
    Auth-Type MS-CHAP {
 mschap
 }
  }
}
`,
  )
  await lab.serve(['freeradius', '-fxx', '-l', 'stdout', '-d', lab.temp, '-n', 'radiusd'], /Ready to process requests/)
}

function radiusRow(name: string, shows: string, attributes: string, checks: Row['checks']): NetworkRow {
  return {
    name,
    shows,
    peers: FREERADIUS,
    how: `\`radclient\` with \`${attributes}\``,
    checks,
    talk: async (lab) => {
      await serveRadius(lab)
      await lab.client(['radclient', '-r', '1', `${SERVER_IP}:1812`, 'auth', 'not-a-secret'], {
        input: `User-Name = "alice", ${attributes}\n`,
        mayFail: true,
      })
    },
  }
}

const RADIUS_ROWS: readonly NetworkRow[] = [
  radiusRow('radius-pap.pcap', 'RADIUS: a password hidden by MD5, accepted', 'User-Password = "not-a-secret"', {
    'radius.avp.type == 2': 1,
    'radius.code == 2': 1,
  }),
  radiusRow(
    'radius-chap.pcap',
    'RADIUS: CHAP, accepted; with Message-Authenticator',
    'CHAP-Password = "not-a-secret", Message-Authenticator = 0x00',
    {
      'radius.CHAP_Password': 1,
      'radius.code == 2': 1,
    },
  ),
  radiusRow('radius-reject.pcap', 'RADIUS: a wrong password, rejected', 'User-Password = "another"', {
    'radius.code == 3': 1,
  }),
]

const TACACS_CLIENT =
  'use Authen::TacacsPlus; my ($host, $key) = @ARGV; my $tac = Authen::TacacsPlus->new(Host => $host, Key => $key, Port => 49, Timeout => 3) or die;' +
  ' $tac->authen("alice", "not-a-secret", &Authen::TacacsPlus::TAC_PLUS_AUTHEN_TYPE_PAP);'

/** An authentication START by PAP in the clear (RFC 8907 §5.1). */
const CLEAR_START = (() => {
  const texts = ['alice', 'tty0', '10.11.0.2', 'not-a-secret']
  const body = Buffer.concat([
    Buffer.from([1, 1, 2, 1, ...texts.map((text) => text.length)]),
    Buffer.from(texts.join('')),
  ])
  return Buffer.concat([Buffer.from([0xc1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, body.length]), body]).toString('hex')
})()

const TACACS_ROWS: readonly NetworkRow[] = [
  {
    name: 'tacacs-obfuscated.pcap',
    shows: 'TACACS+: a login whose bodies are hidden by a pad of MD5 hashes',
    peers: "Perl's Authen::TacacsPlus 0.28, a TACACS+ server of ours",
    how: '`Authen::TacacsPlus->authen` by PAP',
    checks: { 'tacplus.flags.unencrypted == 0': 2 },
    talk: async (lab) => {
      await lab.serve(lab.node('tacacs-server.mjs', { host: SERVER_IP, port: 49, key: 'not-a-secret' }), /ready/)
      await lab.client(['perl', '-e', TACACS_CLIENT, SERVER_IP, 'not-a-secret'], { mayFail: true })
    },
  },
  {
    name: 'tacacs-unencrypted.pcap',
    shows: 'TACACS+ with the unencrypted flag: a password by PAP in the clear',
    peers: 'two scripts of ours',
    how: 'an authentication START written by hand from RFC 8907 §5.1',
    checks: { 'tacplus.flags.unencrypted == 1': 2 },
    talk: async (lab) => {
      await lab.serve(lab.node('tacacs-server.mjs', { host: SERVER_IP, port: 49, key: null }), /ready/)
      await lab.client(lab.node('tcp-client.mjs', { host: SERVER_IP, port: 49, hex: CLEAR_START, hold: 300 }))
    },
  },
]

function kerberosRow(
  name: string,
  shows: string,
  proto: 'udp' | 'tcp',
  enctypes: string,
  password: string,
  checks: Row['checks'],
  service = false,
): NetworkRow {
  return {
    name,
    shows,
    peers: 'kinit 1.20.1, krb5kdc 1.20.1 of Debian',
    how: `\`kinit alice\`${service ? ', `kvno host/files`' : ''}, ${enctypes}, ${proto === 'udp' ? 'UDP' : 'TCP'}`,
    checks,
    talk: async (lab) => {
      const { temp } = lab
      const krb5 = file(
        lab,
        'krb5.conf',
        `[libdefaults]\ndefault_realm = EXAMPLE.TEST\ndns_lookup_kdc = false\ndns_lookup_realm = false\nallow_weak_crypto = true\nallow_rc4 = true\nallow_des3 = true
permitted_enctypes = ${enctypes}\nudp_preference_limit = ${proto === 'udp' ? 8000 : 1}\n[realms]\nEXAMPLE.TEST = {\n kdc = ${SERVER_IP}\n}\n`,
      )
      const kdc = file(
        lab,
        'kdc.conf',
        `[kdcdefaults]\nkdc_listen = ${SERVER_IP}:88\nkdc_tcp_listen = ${SERVER_IP}:88\n[realms]\nEXAMPLE.TEST = {
database_name = ${temp}/db\nkey_stash_file = ${temp}/stash\nacl_file = ${temp}/acl\nsupported_enctypes = ${enctypes}:normal\n
master_key_type = ${enctypes}\n}\n[logging]\nkdc = STDERR\n`,
      )
      const env = { KRB5_CONFIG: krb5, KRB5_KDC_PROFILE: kdc, KRB5CCNAME: `${temp}/cc` }
      await lab.client(['kdb5_util', '-r', 'EXAMPLE.TEST', 'create', '-s', '-P', 'not-a-secret'], { env, at: 'server' })
      await lab.client(['kadmin.local', '-q', 'addprinc +requires_preauth -pw not-a-secret alice'], {
        env,
        at: 'server',
      })
      await lab.client(['kadmin.local', '-q', 'addprinc -randkey host/files'], { env, at: 'server' })
      await lab.serve(['krb5kdc', '-n'], /commencing operation/, { env })
      await lab.client(['kinit', 'alice@EXAMPLE.TEST'], { env, input: `${password}\n`, mayFail: true })
      if (service) await lab.client(['kvno', 'host/files@EXAMPLE.TEST'], { env })
    },
  }
}

const KERBEROS_ROWS: readonly NetworkRow[] = [
  kerberosRow(
    'kerberos-udp.pcap',
    'Kerberos over UDP: pre-authentication asked for and given, AES-256',
    'udp',
    'aes256-cts-hmac-sha1-96',
    'not-a-secret',
    {
      'kerberos.msg_type == 10': 2,
      'kerberos.msg_type == 11': 1,
    },
  ),
  kerberosRow('kerberos-tcp.pcap', 'the same over TCP', 'tcp', 'aes256-cts-hmac-sha1-96', 'not-a-secret', {
    'kerberos.msg_type == 11 and tcp': 1,
  }),
  kerberosRow('kerberos-failed.pcap', 'Kerberos: a wrong password', 'udp', 'aes256-cts-hmac-sha1-96', 'another', {
    'kerberos.error_code == 24': 1,
  }),
  kerberosRow(
    'kerberos-rc4-service.pcap',
    'Kerberos: RC4 throughout, and a ticket for a service (TGS)',
    'udp',
    'arcfour-hmac',
    'not-a-secret',
    { 'kerberos.msg_type == 12': 1, 'kerberos.msg_type == 13 and kerberos.etype == 23': 1 },
    true,
  ),
  kerberosRow(
    'kerberos-des3.pcap',
    'Kerberos: triple DES; single DES is gone from every peer there is',
    'tcp',
    'des3-cbc-sha1',
    'not-a-secret',
    { 'kerberos.msg_type == 11 and kerberos.etype == 16': 1 },
  ),
]

const OTHERS: readonly NetworkRow[] = [
  {
    name: 'tftp.pcap',
    shows: 'TFTP: a file is asked for on port 69 and comes from another port',
    peers: 'tftp-hpa 5.2, tftpd-hpa 5.2 of Debian',
    how: '`tftp 10.11.0.3 -m octet -c get file`',
    checks: { 'tftp.opcode == 1': 1, 'tftp.opcode == 3': 2 },
    talk: async (lab) => {
      sh(`mkdir -p ${lab.temp}/files && chmod 755 "$(dirname ${lab.temp})" ${lab.temp} ${lab.temp}/files`)
      file(lab, 'files/file', 'a line of a file\n'.repeat(40))
      await serveQuietly(lab, `in.tftpd -L -u root -a ${SERVER_IP}:69 -s ${lab.temp}/files`)
      await lab.client(['tftp', SERVER_IP, '-m', 'octet', '-c', 'get', 'file'])
    },
  },
]

export const ACCESS: readonly Row[] = [
  ...NTP_ROWS,
  ...SNMP_ROWS,
  ...SYSLOG_ROWS,
  ...OTHERS,
  ...RADIUS_ROWS,
  ...TACACS_ROWS,
  ...KERBEROS_ROWS,
].map(row)
