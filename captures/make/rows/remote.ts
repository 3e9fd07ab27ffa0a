/** File servers, desktops, shells and proxies of Debian. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import { serveNginx } from '../nginx.ts'
import { sh, sleep } from '../process.ts'
import type { Row } from '../row.ts'
import { requireCommand } from '../tools.ts'
import { CURL, NGINX_TLS } from './peers.ts'

const LOGIN = 'alice%not-a-secret'
const SAMBA = 'smbclient 4.17.12, smbd 4.17.12'

export function write(lab: Lab, name: string, words: string, mode = 0o600): string {
  const path = join(lab.temp, name)
  writeFileSync(path, words)
  chmodSync(path, mode)
  return path
}

/** Starts what says nothing when it listens, and gives it time. A pipe on its input would be taken for inetd's socket. */
async function serveSilent(lab: Lab, argv: readonly string[], ms = 700): Promise<void> {
  requireCommand(argv[0] ?? '')
  await lab.serve(['sh', '-c', 'echo starting; exec "$@" < /dev/null', 'sh', ...argv], /starting/)
  await sleep(ms)
}

interface SmbRow {
  readonly name: string
  readonly shows: string
  readonly server?: readonly string[]
  readonly client: readonly string[]
  readonly login?: string
  readonly checks: Row['checks']
}

/** The user is root under another name: samba's own map, so that the machine gets no account. */
export async function serveSmbd(lab: Lab, options: readonly string[]): Promise<void> {
  const folder = (name: string): string => {
    mkdirSync(join(lab.temp, name), { recursive: true })
    return join(lab.temp, name)
  }
  writeFileSync(join(folder('share'), 'page.txt'), 'hello\n')
  const map = write(lab, 'users.map', 'root = alice\n')
  const conf = write(
    lab,
    'smb.conf',
    `[global]
     netbios name = files
     workgroup = LAB
     username map = ${map}
     private dir = ${folder('private')}
     lock directory = ${folder('lock')}
     state directory = ${folder('state')}
     cache directory = ${folder('cache')}
     pid directory = ${folder('pid')}
     ncalrpc dir = ${folder('ncalrpc')}
     passdb backend = smbpasswd:${folder('private')}/smbpasswd
     log file = /dev/null
     load printers = no
     disable spoolss = yes
     server min protocol = NT1
     smb ports = 445
     ${options.join('\n     ')}
     [share]
     path = ${folder('share')}\n`,
  )
  sh(`printf 'not-a-secret\\nnot-a-secret\\n' | smbpasswd -c ${conf} -a -s root 2>/dev/null`)
  await serveSilent(lab, ['smbd', '-F', '--no-process-group', '--debug-stdout', '-s', conf], 1500)
}

function smbRow({ name, shows, server = [], client, login = LOGIN, checks }: SmbRow): Row {
  return {
    name,
    shows,
    peers: SAMBA,
    how: `\`smbclient ${client.join(' ')}\`${server.length > 0 ? `, server \`${server.join('`, `')}\`` : ''}`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'tcp port 445 or tcp port 139' })
      await serveSmbd(lab, server)
      const conf = write(lab, 'client.conf', '[global]\nclient min protocol = NT1\nworkgroup = LAB\n')
      const to = ['-s', conf, `//${SERVER_IP}/share`, '-U', login, ...client, '-c', 'get page.txt /dev/null']
      await lab.client(['smbclient', ...to], { mayFail: true })
    },
  }
}

const SMB: readonly SmbRow[] = [
  {
    name: 'smb3-encrypted.pcap',
    shows: 'SMB 3.1.1, everything behind the session setup encrypted with AES-128-GCM',
    server: ['server smb encrypt = required'],
    client: ['-m', 'SMB3_11'],
    checks: { 'smb2.dialect == 0x0311': 'some', 'smb2.header.transform.flags': 'some' },
  },
  {
    name: 'smb302-encrypted.pcap',
    shows: 'SMB 3.0.2, encrypted; this dialect knows AES-128-CCM only',
    server: ['server smb encrypt = required', 'server max protocol = SMB3_02'],
    client: ['-m', 'SMB3_02'],
    checks: { 'smb2.dialect == 0x0302': 'some', 'smb2.header.transform.flags': 'some' },
  },
  {
    name: 'smb3-signed.pcap',
    shows: 'SMB 3.1.1, signed and not encrypted: a file in the clear',
    client: ['-m', 'SMB3', '--client-protection=sign'],
    checks: { 'smb2.flags.signature == 1 and smb2.cmd == 5': 'some', 'frame contains "hello"': 'some' },
  },
  {
    name: 'smb2-unsigned.pcap',
    shows: 'SMB 2.1, neither signed nor encrypted',
    client: ['-m', 'SMB2', '--client-protection=off'],
    checks: { 'smb2.dialect == 0x0210': 'some', 'smb2.flags.signature == 0 and smb2.cmd == 5': 'some' },
  },
  {
    name: 'smb1.pcap',
    shows: 'SMB 1 (NT LM 0.12)',
    client: ['-m', 'NT1', '--client-protection=off'],
    checks: { 'smb.cmd == 0x72': 2, 'smb.cmd == 0xa2': 'some' },
  },
  {
    name: 'smb-login-failure.pcap',
    shows: 'SMB 3.1.1: the password is wrong, STATUS_LOGON_FAILURE',
    client: ['-m', 'SMB3'],
    login: 'alice%wrong',
    checks: { 'smb2.nt_status == 0xc000006d': 1 },
  },
  {
    name: 'smb-netbios-session.pcap',
    shows: 'SMB 2.1 in a NetBIOS session on port 139: the session is asked for by name and granted',
    server: ['smb ports = 139'],
    client: ['-p', '139', '-n', 'client', '-m', 'SMB2'],
    checks: { 'nbss.type == 0x81': 1, 'nbss.type == 0x82': 1, 'smb2.dialect == 0x0210': 'some' },
  },
  {
    name: 'smb-anonymous.pcap',
    shows: 'SMB 3.1.1: a login without a name, refused',
    client: ['-m', 'SMB3', '-N'],
    login: '%',
    checks: { 'ntlmssp.messagetype == 3': 1 },
  },
]

interface RdpRow {
  readonly name: string
  readonly shows: string
  readonly layer: string
  readonly level?: string
  readonly client: string
  readonly checks: Row['checks']
}

export function rdpRow({ name, shows, layer, level = 'high', client, checks }: RdpRow): Row {
  return {
    name,
    shows,
    peers: 'xfreerdp 2.11.7, xrdp 0.9.21',
    how: `\`xfreerdp ${client}\`, server \`security_layer=${layer}\`, \`crypt_level=${level}\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      const conf = write(
        lab,
        'xrdp.ini',
        `[Globals]
ini_version=1
fork=false
port=tcp://${SERVER_IP}:3389
security_layer=${layer}
crypt_level=${level}
certificate=${lab.pki('rsa.pem')}
key_file=${lab.pki('rsa.key')}
ssl_protocols=TLSv1.2, TLSv1.3
allow_channels=true
[Channels]
rdpdr=true
rdpsnd=true
drdynvc=true
cliprdr=true
[Logging]
LogFile=${lab.temp}/xrdp.log
LogLevel=DEBUG
EnableConsole=true
ConsoleLevel=DEBUG
`,
      )
      await serveSilent(lab, ['xrdp', '--nodaemon', '--config', conf], 1000)
      // It asks for a display before it asks for anything else.
      await serveSilent(lab, ['Xvfb', ':77', '-screen', '0', '640x480x16'], 800)
      const env = { DISPLAY: ':77', HOME: lab.temp }
      const to = [
        `/v:${SERVER_IP}`,
        '/u:alice',
        '/p:not-a-secret',
        '/cert:ignore',
        '/bpp:8',
        '/size:200x200',
        '+auth-only',
      ]
      await lab.client(['xfreerdp', ...to, client], { env, mayFail: true, timeoutMs: 4000 })
    },
  }
}

const RDP: readonly RdpRow[] = [
  {
    name: 'rdp-tls.pcap',
    shows: 'RDP over TLS: asked for and chosen in the negotiation',
    layer: 'tls',
    client: '/sec:tls',
    checks: { 'rdp.negReq.selectedProtocol == 1': 1 },
  },
  {
    name: 'rdp-tls-refused.pcap',
    shows: 'RDP: the client offers TLS, the server wants its own security',
    layer: 'rdp',
    client: '/sec:tls',
    checks: { 'rdp.negReq.requestedProtocols': 1, 'tls.handshake.type == 1': 0 },
  },
  {
    name: 'rdp-standard-security.pcap',
    shows: "RDP's standard security: RC4 with a key of 128 bits",
    layer: 'rdp',
    client: '/sec:rdp',
    checks: { 'rdp.encryptionMethod == 2': 'some', 'tls.handshake.type == 1': 0 },
  },
]

/** [MS-NLMP] §3.3.1: NTOWFv1 of "not-a-secret". */
const NT_HASH = '170bd4cda8269a3a6069887367f70cf9'

/** xrdp knows no CredSSP; FreeRDP's own server does, and wants a display to show. */
function credSspRow(name: string, shows: string, password: string, checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: 'xfreerdp 2.11.7, freerdp-shadow-cli 2.11.7',
    how: '`xfreerdp /sec:nla`, server `/sec:nla +auth`; its certificate is its own',
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      const users = write(lab, 'SAM', `alice:::${NT_HASH}:::\n`)
      const env = { DISPLAY: ':77', HOME: lab.temp }
      await serveSilent(lab, ['Xvfb', ':77', '-screen', '0', '320x200x24'], 1500)
      const server = [`/bind-address:${SERVER_IP}`, '/port:3389', '/sec:nla', '+auth', `/sam-file:${users}`]
      await serveSilent(lab, ['env', `HOME=${lab.temp}`, 'DISPLAY=:77', 'freerdp-shadow-cli', ...server], 2500)
      const to = [`/v:${SERVER_IP}`, '/u:alice', `/p:${password}`, '/cert:ignore', '/sec:nla', '/size:200x200']
      await lab.client(['xfreerdp', ...to, '+auth-only'], { env, mayFail: true, timeoutMs: 6000 })
    },
  }
}

interface VncRow {
  readonly name: string
  readonly shows: string
  readonly types: string
  readonly client: { readonly type: number; readonly subtype?: number } | 'vncsnapshot'
  readonly checks: Row['checks']
}

const VNC: readonly VncRow[] = [
  {
    name: 'vnc-none.pcap',
    shows: 'VNC without a login',
    types: 'None',
    client: { type: 1 },
    checks: { 'vnc.security_type == 1': 'some' },
  },
  {
    name: 'vnc-password.pcap',
    shows: 'VNC with its own password check, which encrypts nothing else',
    types: 'VncAuth,TLSVnc',
    client: 'vncsnapshot',
    checks: { 'vnc.auth_challenge': 'some' },
  },
  {
    name: 'vnc-vencrypt-x509.pcap',
    shows: 'VNC: VeNCrypt with the subtype X509None, TLS from then on',
    types: 'X509None',
    client: { type: 19, subtype: 260 },
    checks: { 'tls.handshake.type == 1': 1 },
  },
  {
    name: 'vnc-vencrypt-anonymous.pcap',
    shows: 'VNC: VeNCrypt with the subtype TLSNone: TLS that authenticates nobody',
    types: 'TLSNone',
    client: { type: 19, subtype: 257 },
    checks: { 'tls.handshake.type == 1': 1 },
  },
]

function vncRow({ name, shows, types, client, checks }: VncRow): Row {
  return {
    name,
    shows,
    peers: `${client === 'vncsnapshot' ? 'vncsnapshot 1.2a' : 'a client of ours on Node 20'}, Xtigervnc 1.12.0`,
    how: `\`Xtigervnc -SecurityTypes ${types}\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      const password = join(lab.temp, 'passwd')
      sh(`x11vnc -storepasswd not-a-secret ${password} 2>/dev/null`)
      const x509 = ['-X509Cert', lab.pki('rsa.pem'), '-X509Key', lab.pki('rsa.key')]
      const screen = ['-geometry', '32x32', '-depth', '16', '-SecurityTypes', types, '-PasswordFile', password, ...x509]
      await serveSilent(lab, ['Xtigervnc', ':78', '-rfbport', '5900', '-interface', SERVER_IP, ...screen], 1500)
      const script = (): string[] => lab.node('vnc-client.mjs', { host: SERVER_IP, port: 5900, ...(client as object) })
      const snapshot = ['vncsnapshot', '-quiet', '-passwd', password, `${SERVER_IP}:0`, join(lab.temp, 'out.jpg')]
      await lab.client(client === 'vncsnapshot' ? snapshot : script(), { mayFail: true })
    },
  }
}

const X11: Row = {
  name: 'x11-cookie.pcap',
  shows: 'X11 over TCP: the cookie that opens the display crosses in the clear',
  peers: 'xdpyinfo 1.3.2, Xvfb 21.1',
  how: '`Xvfb -listen tcp -auth FILE`, `xdpyinfo`',
  checks: { 'x11.authorization-protocol-name == "MIT-MAGIC-COOKIE-1"': 1 },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'ip' })
    const cookies = join(lab.temp, 'Xauthority')
    sh(`touch ${cookies}; xauth -f ${cookies} add ${SERVER_IP}:13 . 00112233445566778899aabbccddeeff 2>/dev/null`)
    const screen = ['-screen', '0', '64x64x8', '-listen', 'tcp', '-nolisten', 'local', '-auth', cookies]
    await serveSilent(lab, ['Xvfb', ':13', ...screen], 1500)
    const env = { XAUTHORITY: cookies }
    await lab.client(['xdpyinfo', '-display', `${SERVER_IP}:13`], { env, mayFail: true })
  },
}

/** What login(1) says, without an account on this machine. */
const LOGIN_SCRIPT = (ends: string): string => `#!/bin/sh
printf 'server login: '; read -r name; printf 'Password: '; stty -echo; read -r secret; stty echo
printf '\\r\\n${ends}\\r\\n'; sleep 1
`

async function serveInetd(lab: Lab, line: string): Promise<void> {
  const conf = write(lab, 'inetd.conf', `${line}\n`)
  await serveSilent(lab, ['inetutils-inetd', '--debug', conf])
}

function telnetRow(name: string, shows: string, ends: string): Row {
  return {
    name,
    shows,
    peers: 'telnet 0.17, telnetd of inetutils 2.4',
    how: '`telnet`, a login of ours behind telnetd',
    checks: { 'telnet.cmd': 'some', 'telnet.data contains "assword"': 'some' },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      const login = write(lab, 'login.sh', LOGIN_SCRIPT(ends), 0o700)
      await serveInetd(lab, `telnet stream tcp nowait root /usr/sbin/telnetd telnetd -E ${login}`)
      const typed = ['', 'alice', 'not-a-secret', '', '']
      await lab.client(['telnet', SERVER_IP], { typed, mayFail: true, timeoutMs: 6000 })
    },
  }
}

function trustRow(name: string, shows: string, line: string, client: readonly string[], checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: 'rsh-redone 85',
    how: `\`${client.join(' ')}\` as root`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      await serveInetd(lab, line)
      await lab.client(client, { mayFail: true, timeoutMs: 3000 })
    },
  }
}

function rsyncRow(name: string, shows: string, auth: boolean, password: string, checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: 'rsync 3.5.0',
    how: `\`rsync rsync://\`${auth ? ', `auth users = alice`' : ''}`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      mkdirSync(join(lab.temp, 'files'), { recursive: true })
      writeFileSync(join(lab.temp, 'files/page.txt'), 'hello\n')
      const secrets = write(lab, 'secrets', 'alice:not-a-secret\n')
      const login = auth ? `auth users = alice\nsecrets file = ${secrets}\n` : ''
      const conf = write(lab, 'rsyncd.conf', `use chroot = no\n[files]\npath = ${lab.temp}/files\n${login}`)
      const options = ['--no-detach', '--config', conf, '--address', SERVER_IP, '--log-file', '/dev/stdout']
      await serveSilent(lab, ['rsync', '--daemon', ...options])
      const from = `rsync://${auth ? 'alice@' : ''}${SERVER_IP}/files/`
      await lab.client(['rsync', from], { env: { RSYNC_PASSWORD: password }, mayFail: true })
    },
  }
}

function rpcRow(name: string, shows: string, client: readonly string[], checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: 'rpcinfo and rpcbind 1.2.6',
    how: `\`${client.join(' ')}\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      await serveSilent(lab, ['rpcbind', '-f', '-d', '-h', SERVER_IP], 1000)
      await lab.client(client, { mayFail: true })
    },
  }
}

const HTTP_SITE = `server { listen ${SERVER_IP}:80; server_name ${HOST}; root %ROOT%; }`

function socksRow(
  name: string,
  shows: string,
  server: 'microsocks' | 'danted',
  args: readonly string[],
  checks: Row['checks'],
): Row {
  return {
    name,
    shows,
    peers: `${CURL}, ${server === 'danted' ? 'Dante 1.4.2' : 'microsocks 1.0.3'}`,
    how: `\`curl ${args.join(' ')}\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      await serveNginx(lab, `${HTTP_SITE} ${NGINX_TLS}`)
      if (server === 'danted') {
        const rule = `from: 0.0.0.0/0 to: 0.0.0.0/0`
        const conf = write(
          lab,
          'danted.conf',
          `logoutput: stderr
internal: ${SERVER_IP} port = 1080
external: ${SERVER_IP}
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: root
client pass { ${rule} }
socks pass { ${rule} }
`,
        )
        await serveSilent(lab, ['danted', '-f', conf], 1200)
      } else {
        const login = args.some((one) => one.includes('alice')) ? ['-u', 'alice', '-P', 'not-a-secret'] : []
        await serveSilent(lab, ['microsocks', '-i', SERVER_IP, '-p', '1080', ...login])
      }
      await lab.client(['curl', '-sSk', ...args], { mayFail: true })
    },
  }
}

function nbdRow(name: string, shows: string, server: boolean, client: boolean, checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: 'qemu-img and qemu-nbd 7.2',
    how: `\`qemu-nbd${server ? ' --tls-creds' : ''}\`, \`qemu-img info${client ? ' tls-creds' : ''}\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      const credentials = (end: string): string[] => [
        '--object',
        `tls-creds-x509,id=tls0,dir=${lab.temp},endpoint=${end},verify-peer=${end === 'client' ? 'yes' : 'no'}`,
      ]
      sh(
        `cp ${lab.pki('rsa.pem')} server-cert.pem; cp ${lab.pki('rsa.key')} server-key.pem; cat ${lab.pki('rsa-root.pem')} ${lab.pki('rsa-issuing.pem')} > ca-cert.pem; truncate -s 1M disk`,
        lab.temp,
      )
      const tls = server ? [...credentials('server'), '--tls-creds', 'tls0'] : []
      await serveSilent(lab, ['qemu-nbd', ...tls, '-t', '-b', SERVER_IP, '-f', 'raw', '-x', 'disk', 'disk'], 1000)
      const target = `driver=nbd,host=${SERVER_IP},port=10809,export=disk${client ? `,tls-creds=tls0,tls-hostname=${HOST}` : ''}`
      await lab.client(['qemu-img', 'info', ...(client ? credentials('client') : []), '--image-opts', target], {
        mayFail: true,
      })
    },
  }
}

function svnRow(name: string, shows: string, password: string | null, checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: 'svn and svnserve 1.14.2',
    how: `\`svn ls svn://${SERVER_IP}/repository\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'ip' })
      sh('svnadmin create repository', lab.temp)
      const access = password === null ? 'anon-access = read' : 'anon-access = none\nauth-access = read'
      writeFileSync(join(lab.temp, 'repository/conf/svnserve.conf'), `[general]\n${access}\npassword-db = passwd\n`)
      writeFileSync(join(lab.temp, 'repository/conf/passwd'), '[users]\nalice = not-a-secret\n')
      await serveSilent(lab, ['svnserve', '-d', '--foreground', '--listen-host', SERVER_IP, '-r', lab.temp])
      const login = password === null ? [] : ['--username', 'alice', '--password', password, '--no-auth-cache']
      const env = { HOME: lab.temp }
      await lab.client(['svn', 'ls', '--non-interactive', ...login, `svn://${SERVER_IP}/repository`], {
        env,
        mayFail: true,
      })
    },
  }
}

const GIT: Row = {
  name: 'git-daemon.pcap',
  shows: 'the Git daemon: the branches of a repository in the clear',
  peers: 'git 2.39.5',
  how: '`git ls-remote git://`',
  checks: { git: 'some' },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'ip' })
    sh('git init -q --bare repository.git', lab.temp)
    const options = ['--verbose', '--export-all', `--base-path=${lab.temp}`, `--listen=${SERVER_IP}`]
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' }
    await lab.serve(['git', 'daemon', ...options], /Ready to rumble/, { env })
    await lab.client(['git', 'ls-remote', `git://${SERVER_IP}/repository.git`], { mayFail: true })
  },
}

const MODBUS: Row = {
  name: 'modbus-read.pcap',
  shows: 'Modbus/TCP: registers read, one of an address that is not there',
  peers: 'mbpoll 1.0, pymodbus 3.0.0',
  how: '`mbpoll -m tcp -t 4 -r 1 -c 4 -1`',
  checks: { 'modbus.func_code == 3': 'some' },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'ip' })
    const script = `
from pymodbus.server import StartTcpServer
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
block = ModbusSequentialDataBlock(1, [17, 4, 2, 99])
StartTcpServer(context=ModbusServerContext(slaves=ModbusSlaveContext(hr=block), single=True), address=("${SERVER_IP}", 502))
`
    await serveSilent(lab, ['/usr/bin/python3', '-c', script], 2500)
    for (const first of ['1', '100']) {
      await lab.client(['mbpoll', '-m', 'tcp', '-t', '4', '-r', first, '-c', '2', '-1', SERVER_IP], { mayFail: true })
    }
  },
}

export const REMOTE: readonly Row[] = [
  ...SMB.map(smbRow),
  ...RDP.map(rdpRow),
  credSspRow('rdp-credssp.pcap', 'RDP with CredSSP (NLA): NTLM inside of TLS, before the session', 'not-a-secret', {
    'rdp.negReq.selectedProtocol == 2': 1,
  }),
  credSspRow(
    'rdp-credssp-refused.pcap',
    'RDP with CredSSP (NLA): a wrong password, the connection is closed',
    'wrong',
    {
      'rdp.negReq.selectedProtocol == 2': 1,
    },
  ),
  ...VNC.map(vncRow),
  X11,
  telnetRow('telnet-login.pcap', 'Telnet: a login in the clear', 'Last login: Tue Nov 24 10:00:00'),
  telnetRow('telnet-login-refused.pcap', 'Telnet: a login in the clear, refused', 'Login incorrect'),
  trustRow(
    'rlogin.pcap',
    'rlogin: both user names and a terminal',
    'login stream tcp nowait root /usr/sbin/in.rlogind in.rlogind',
    ['script', '-qec', `rlogin -l root ${SERVER_IP}`, '/dev/null'],
    { rlogin: 'some' },
  ),
  trustRow(
    'rsh.pcap',
    'rsh: both user names and a command',
    'shell stream tcp nowait root /usr/sbin/in.rshd in.rshd',
    ['rsh', '-l', 'root', SERVER_IP, 'true'],
    { rsh: 'some' },
  ),
  rsyncRow('rsync-anonymous.pcap', 'rsync daemon: a listing without a login', false, '', {
    'rsync.hdr_version': 'some',
  }),
  rsyncRow('rsync-login.pcap', 'rsync daemon: a login by challenge and response', true, 'not-a-secret', {
    'frame contains "AUTHREQD"': 1,
  }),
  rsyncRow('rsync-login-refused.pcap', 'rsync daemon: a login that fails', true, 'wrong', {
    'frame contains "@ERROR"': 1,
  }),
  rpcRow('sunrpc-portmap.pcap', 'ONC RPC over TCP: the list of the port mapper', ['rpcinfo', '-p', SERVER_IP], {
    'portmap.procedure_v2 == 4': 'some',
  }),
  rpcRow(
    'sunrpc-udp.pcap',
    'ONC RPC over UDP: the list of rpcbind, and empty calls',
    ['rpcinfo', '-T', 'udp', SERVER_IP, '100000'],
    { 'rpc and udp': 'some' },
  ),
  socksRow(
    'socks5-http.pcap',
    'SOCKS 5 without a login: HTTP through the tunnel',
    'microsocks',
    ['--socks5', `${SERVER_IP}:1080`, `http://${SERVER_IP}/`],
    { 'socks.command == 1': 'some' },
  ),
  socksRow(
    'socks5-login-tls.pcap',
    'SOCKS 5 with a user name and password in the clear: TLS through the tunnel',
    'microsocks',
    ['--socks5', `alice:not-a-secret@${SERVER_IP}:1080`, `https://${SERVER_IP}/`],
    { 'socks.username == "alice"': 1, 'tls.handshake.type == 2': 'some' },
  ),
  socksRow(
    'socks5-login-refused.pcap',
    'SOCKS 5: the password is wrong',
    'microsocks',
    ['--socks5', `alice:wrong@${SERVER_IP}:1080`, `http://${SERVER_IP}/`],
    { 'socks.username == "alice"': 1 },
  ),
  socksRow(
    'socks4-http.pcap',
    'SOCKS 4: HTTP through the tunnel',
    'danted',
    ['--socks4', `${SERVER_IP}:1080`, `http://${SERVER_IP}/`],
    { 'socks.version == 4': 'some' },
  ),
  nbdRow('nbd-plain.pcap', 'NBD without TLS', false, false, { nbd: 'some' }),
  nbdRow('nbd-starttls.pcap', 'NBD: STARTTLS agreed on', true, true, { 'tls.handshake.type == 2': 1 }),
  nbdRow('nbd-starttls-refused.pcap', 'NBD: STARTTLS asked for and refused', false, true, {
    'tcp.port == 10809 and frame contains "IHAVEOPT"': 'some',
    'tls.handshake.type == 1': 0,
  }),
  nbdRow('nbd-tls-required.pcap', 'NBD: the server wants STARTTLS, the client does not know it', true, false, {
    'tcp.port == 10809 and frame contains "IHAVEOPT"': 'some',
    'tls.handshake.type == 1': 0,
  }),
  svnRow('svn-anonymous.pcap', 'svnserve: a listing without a login', null, {
    'tcp.port == 3690 and frame contains "ANONYMOUS"': 'some',
  }),
  svnRow('svn-cram-md5.pcap', 'svnserve: a login with CRAM-MD5', 'not-a-secret', {
    'frame contains "( CRAM-MD5 ("': 'some',
  }),
  svnRow('svn-cram-md5-refused.pcap', 'svnserve: a login with CRAM-MD5 that fails', 'wrong', {
    'frame contains "( failure ("': 'some',
  }),
  GIT,
  MODBUS,
]
