import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { be16 } from '../edit.ts'
import { CLIENT_IP, type Lab, SERVER_IP } from '../lab.ts'
import { sh, sleep } from '../process.ts'
import type { Row } from '../row.ts'
import { RAW_IP } from './control.ts'

const STRONGSWAN = 'strongSwan 5.9.8'
const OPENVPN = 'OpenVPN 2.6.14'
const WIREGUARD = 'wireguard-go 0.0.20220316'

interface IkeRow {
  readonly name: string
  readonly shows: string
  readonly version?: 1 | 2
  readonly aggressive?: true
  readonly proposal: string
  /** Left out = no ESP is set up, and IKE stays on its own port. */
  readonly esp?: string
  readonly checks: Row['checks']
}

/** Two charons agree, and ping goes through what they agreed on. */
function ikeRow(row: IkeRow): Row {
  const { name, shows, proposal, esp, checks } = row
  return {
    name,
    shows,
    peers: `${STRONGSWAN}, ${STRONGSWAN}`,
    how: `\`proposals=${proposal}\`, a pre-shared key${esp === undefined ? '' : `, \`esp_proposals=${esp}\` in its user space (\`kernel-libipsec\`); \`ping -c 4\``}`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'udp port 500 or udp port 4500' })
      await serveCharon(lab, 'server', row)
      await serveCharon(lab, 'client', row)
      const what = esp === undefined ? ['--ike', 'peers'] : ['--child', 'net']
      await lab.client(swanctl(lab, 'client', '--initiate', ...what, '--timeout', '8'))
      if (esp !== undefined) await ping(lab)
    },
  }
}

const ping = (lab: Lab): Promise<string> =>
  lab.client(['ping', '-q', '-c', '4', '-i', '0.2', '-I', INNER.client, INNER.server])

export const swanctl = (lab: Lab, place: Place, ...args: string[]): string[] => [
  'env',
  `SWANCTL_DIR=${lab.temp}/${place}`,
  'swanctl',
  args[0] as string,
  '--uri',
  `unix://${lab.temp}/${place}/vici`,
  ...args.slice(1),
]

type Place = 'client' | 'server'
/** What the tunnels join. */
export const INNER: Readonly<Record<Place, string>> = { client: '10.12.0.2', server: '10.12.0.3' }

/** Each charon has a /run of its own, since its path is fixed. */
export async function serveCharon(lab: Lab, place: Place, row: IkeRow): Promise<void> {
  const folder = `${lab.temp}/${place}`
  await lab.client(['ip', 'addr', 'add', `${INNER[place]}/32`, 'dev', 'lo'], { at: place })
  mkdirSync(folder, { recursive: true })
  const kernel = row.esp === undefined ? 'kernel-netlink' : 'kernel-libipsec kernel-netlink'
  const plugins = `random nonce openssl aes des sha1 sha2 md5 hmac gcm kdf curve25519 gmp ${kernel} socket-default vici`
  writeFileSync(
    `${folder}/strongswan.conf`,
    `charon { load = ${plugins}
      i_dont_care_about_security_and_use_aggressive_mode_psk = yes
      filelog { stderr { default = 1 } }
      plugins { vici { socket = unix://${folder}/vici } } }`,
  )
  writeFileSync(`${folder}/swanctl.conf`, swanctlConf(place, row))
  await lab.serve(
    [
      'env',
      `STRONGSWAN_CONF=${folder}/strongswan.conf`,
      'unshare',
      '-m',
      'sh',
      '-ec',
      'mount -t tmpfs none /run; exec /usr/lib/ipsec/charon',
    ],
    /spawning \d+ worker threads/,
    { at: place },
  )
  await sleep(300)
  await lab.client(swanctl(lab, place, '--load-all'), { at: place })
}

function swanctlConf(place: Place, { version = 2, aggressive, proposal, esp }: IkeRow): string {
  const [mine, theirs] = place === 'client' ? [CLIENT_IP, SERVER_IP] : [SERVER_IP, CLIENT_IP]
  const [inside, beyond] = place === 'client' ? [INNER.client, INNER.server] : [INNER.server, INNER.client]
  return `
    connections { peers {
      version = ${version}
      ${aggressive ? 'aggressive = yes' : ''}
      ${esp === undefined && version === 2 ? 'childless = force' : ''}
      mobike = no
      proposals = ${proposal}
      local_addrs = ${mine}
      remote_addrs = ${theirs}
      local { auth = psk }
      remote { auth = psk }
      ${esp === undefined ? '' : `children { net { esp_proposals = ${esp}\n local_ts = ${inside}/32\n remote_ts = ${beyond}/32 } }`}
    } }
    secrets { ike-peers { secret = not-a-secret } }`
}

const IKE: readonly IkeRow[] = [
  {
    name: 'ike-v2.pcap',
    shows: 'IKEv2 with AES-GCM and Curve25519',
    proposal: 'aes256gcm16-prfsha384-x25519',
    checks: { 'isakmp.exchangetype == 34': 2, 'isakmp.exchangetype == 35': 2 },
  },
  {
    name: 'ike-v2-weak.pcap',
    shows: 'IKEv2 with 3DES, SHA-1 and the MODP group of 1024 bits',
    proposal: '3des-sha1-modp1024',
    checks: { 'isakmp.exchangetype == 34 and isakmp.tf.id.encr == 3 and isakmp.tf.id.dh == 2': 2 },
  },
  {
    name: 'ike-v2-esp-in-udp.pcap',
    shows: 'IKEv2 that moves to port 4500 as behind a NAT: its last messages share a flow with ESP',
    proposal: 'aes128-sha256-modp2048',
    esp: 'aes128gcm16',
    checks: { 'udp.port == 500 and isakmp': 2, 'udp.port == 4500 and isakmp': 2, 'udp.port == 4500 and esp.spi': 8 },
  },
  {
    name: 'ike-v1-main.pcap',
    shows: 'IKEv1 in main mode with AES-128, SHA-1 and the MODP group of 1536 bits',
    version: 1,
    proposal: 'aes128-sha1-modp1536',
    checks: { 'isakmp.exchangetype == 2': 6 },
  },
  {
    name: 'ike-v1-aggressive.pcap',
    shows: 'IKEv1 in aggressive mode with a pre-shared key: a hash made from it crosses, to be guessed at leisure',
    version: 1,
    aggressive: true,
    proposal: 'aes256-sha256-modp2048',
    checks: { 'isakmp.exchangetype == 4': 3 },
  },
  {
    name: 'esp-null-in-udp.pcap',
    shows: 'ESP that encrypts nothing (NULL with HMAC-SHA-256): ping inside a tunnel, readable',
    proposal: 'aes128-sha256-modp2048',
    esp: 'null-sha256',
    checks: { 'isakmp.exchangetype == 34': 2, 'esp.spi': 8 },
  },
]

function wireguardRow(): Row {
  return {
    name: 'wireguard.pcap',
    shows: 'WireGuard: initiation, response and data',
    peers: `${WIREGUARD}, ${WIREGUARD}`,
    how: '`wireguard-go`, keys by `wg genkey`; `ping -c 4`',
    checks: { 'wg.type == 1': 1, 'wg.type == 2': 1, 'wg.type == 4': 'some' },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'udp' })
      sh('for p in client server; do wg genkey > $p.key; wg pubkey < $p.key > $p.pub; done', lab.temp)
      await serveWireguard(lab, 'server', [])
      await serveWireguard(lab, 'client', ['endpoint', `${SERVER_IP}:51820`])
      await ping(lab)
    },
  }
}

export async function serveWireguard(lab: Lab, place: Place, endpoint: readonly string[]): Promise<void> {
  const other = place === 'client' ? 'server' : 'client'
  // Its control socket is found by the device's name, in every network namespace alike.
  const device = `${place}0`
  const env = { LOG_LEVEL: 'verbose' }
  await lab.serve(['wireguard-go', '-f', device], /UAPI listener started/, { at: place, env })
  const peer = ['peer', sh(`cat ${lab.temp}/${other}.pub`).trim(), 'allowed-ips', `${INNER[other]}/32`, ...endpoint]
  await lab.client(['wg', 'set', device, 'listen-port', '51820', 'private-key', `${place}.key`, ...peer], { at: place })
  await lab.client(['ip', 'addr', 'add', `${INNER[place]}/24`, 'dev', device], { at: place })
  await lab.client(['ip', 'link', 'set', device, 'up'], { at: place })
}

interface OpenvpnRow {
  readonly name: string
  readonly shows: string
  /** What is done with the key that both ends share: "--tls-auth". */
  readonly key?: string
  readonly over?: 'tcp'
  readonly checks: Row['checks']
}

function openvpnRow({ name, shows, key, over, checks }: OpenvpnRow): Row {
  return {
    name,
    shows,
    peers: `${OPENVPN}, ${OPENVPN}`,
    how: `\`openvpn --proto ${over ?? 'udp'}${key === undefined ? '' : ` ${key}`}\`; \`ping -c 4\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: over ?? 'udp' })
      sh('openvpn --genkey secret shared.key', lab.temp)
      const shared = key === undefined ? [] : key.split(' ').map((word) => (word === 'FILE' ? 'shared.key' : word))
      await serveOpenvpn(lab, 'server', shared, over)
      await serveOpenvpn(lab, 'client', shared, over)
      await ping(lab)
    },
  }
}

export async function serveOpenvpn(
  lab: Lab,
  place: Place,
  shared: readonly string[],
  over?: 'tcp',
  until?: RegExp,
): Promise<void> {
  const other = place === 'client' ? 'server' : 'client'
  // Each side trusts the authority of the other's certificate.
  const [mine, theirs] = place === 'server' ? ['rsa', 'ec'] : ['client', 'rsa']
  const role = place === 'server' ? ['--tls-server', '--dh', 'none'] : ['--tls-client', '--remote', SERVER_IP, '1194']
  const argv = [
    'openvpn',
    ...[
      '--dev',
      'tun',
      '--proto',
      over === 'tcp' ? `tcp-${place}` : 'udp',
      '--verb',
      '3',
      '--ifconfig',
      INNER[place],
      INNER[other],
    ],
    ...['--ca', lab.pki(`${theirs}-root.pem`), '--cert', lab.pki(`${mine}.pem`), '--key', lab.pki(`${mine}.key`)],
    ...(place === 'server' ? ['--local', SERVER_IP] : ['--nobind']),
    ...role,
    ...shared,
  ]
  await lab.serve(
    argv,
    until ??
      (place === 'server' ? /UDPv4 link remote|Listening for incoming TCP/ : /Initialization Sequence Completed/),
    { at: place },
  )
}

const OPENVPN_ROWS: readonly OpenvpnRow[] = [
  {
    name: 'openvpn-udp.pcap',
    shows: 'OpenVPN over UDP: the TLS of its control channel can be read',
    checks: { 'openvpn.opcode == 7': 1, 'openvpn.opcode == 9': 'some' },
  },
  {
    name: 'openvpn-tcp.pcap',
    shows: 'OpenVPN over TCP: the same handshake, each packet behind its length',
    over: 'tcp',
    checks: { 'openvpn.opcode == 7': 1, 'openvpn.opcode == 9': 'some' },
  },
  {
    name: 'openvpn-udp-tls-auth.pcap',
    shows: 'OpenVPN over UDP whose control packets carry an HMAC: its TLS can be read all the same',
    key: '--tls-auth FILE --auth SHA256',
    checks: { 'openvpn.opcode == 7': 1 },
  },
  {
    name: 'openvpn-udp-tls-crypt.pcap',
    shows: 'OpenVPN over UDP that encrypts its control channel too',
    key: '--tls-crypt FILE',
    checks: { 'openvpn.opcode == 7': 1 },
  },
]

/** Neither needs PPP to run: what is recorded is the tunnel's own setting up. */
const PPP_TUNNELS: readonly Row[] = [
  {
    name: 'pptp.pcap',
    shows: 'the control connection of PPTP: a session and a call are set up',
    peers: 'pptp 1.10.0, pptpd 1.4.0',
    how: '`pptp --nolaunchpppd`',
    checks: { 'pptp.control_message_type == 1': 1, 'pptp.control_message_type == 2': 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'tcp port 1723 or ip proto 47' })
      writeFileSync(`${lab.temp}/pptpd.conf`, `listen ${SERVER_IP}\nlocalip 10.12.0.3\nremoteip 10.12.0.10-20\n`)
      const server = ['pptpd', '-f', '-c', `${lab.temp}/pptpd.conf`, '-p', `${lab.temp}/pptpd.pid`]
      await lab.serve(server, /^/)
      await sleep(500)
      await lab.client(['pptp', SERVER_IP, '--nolaunchpppd'], { mayFail: true, timeoutMs: 4000 })
    },
  },
  {
    name: 'l2tp.pcap',
    shows: 'L2TP without IPsec around it: a tunnel and a session are set up in the clear',
    peers: 'xl2tpd 1.3.18, xl2tpd 1.3.18',
    how: '`autodial = yes`',
    checks: { 'l2tp.avp.message_type == 1': 'some', 'l2tp.avp.message_type == 2': 'some' },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'udp port 1701' })
      await serveXl2tpd(lab, 'server', `[lns default]\nip range = 10.12.0.10-10.12.0.20\nlocal ip = ${INNER.server}\n`)
      await serveXl2tpd(lab, 'client', `[lac peer]\nlns = ${SERVER_IP}\nautodial = yes\n`)
      await sleep(2000)
    },
  },
]

/** RFC 2637 §4.1 around a frame of PPP: version 1, a key of length and call, a sequence number. */
const greFrame = (call: number, sequence: number, frame: string): string => {
  const head = be16(0x3001, 0x880b, frame.length / 2, call, 0, sequence)
  return head.toString('hex') + frame
}
const control = (protocol: string, code: number, id: number, data: string): string =>
  `ff03${protocol}${be16((code << 8) | id, 4 + data.length / 2).toString('hex')}${data}`
const lcp = (code: number, id: number, data: string): string => control('c021', code, id, data)
const chap = (code: number, id: number, data: string): string => control('c223', code, id, data)
const ccp = (code: number, id: number, data: string): string => control('80fd', code, id, data)

const MAGIC = { client: '0506a1b2c3d4', server: '0506d4c3b2a1' }
/** RFC 2759: MS-CHAP version 2. */
const MSCHAP_V2 = '0305c22381'
const NOISE = Array.from({ length: 8 }, (_, i) => createHash('sha256').update(`mppe ${i}`).digest('hex'))
const NAME = Buffer.from('someone').toString('hex')
/** RFC 3078 §2.1: 128 bits, stateless. */
const MPPE_128 = '120601000040'

const MPPE_FRAMES: readonly (readonly ['client' | 'server', string])[] = [
  ['client', lcp(1, 1, MAGIC.client)],
  ['server', lcp(2, 1, MAGIC.client)],
  ['server', lcp(1, 1, MSCHAP_V2 + MAGIC.server)],
  ['client', lcp(2, 1, MSCHAP_V2 + MAGIC.server)],
  ['server', chap(1, 1, `10${NOISE[0]?.slice(0, 32)}${Buffer.from('gateway').toString('hex')}`)],
  ['client', chap(2, 1, `31${NOISE[1]?.slice(0, 32)}${'00'.repeat(8)}${NOISE[2]?.slice(0, 48)}00${NAME}`)],
  ['server', chap(3, 1, Buffer.from(`S=${'0123456789ABCDEF'.repeat(3).slice(0, 40)}`).toString('hex'))],
  // Everything is offered, and the strongest taken (RFC 3078 §2.2).
  ['client', ccp(1, 1, '1206010000e1')],
  ['server', ccp(3, 1, MPPE_128)],
  ['client', ccp(1, 2, MPPE_128)],
  ['server', ccp(2, 2, MPPE_128)],
  ['server', ccp(1, 1, MPPE_128)],
  ['client', ccp(2, 1, MPPE_128)],
  // RFC 3078 §3: bits A and D with a coherency count, then RC4.
  ['client', `ff0300fd9000${NOISE[3]}${NOISE[4]}`],
  ['server', `ff0300fd9000${NOISE[5]}${NOISE[6]}`],
]

/** A kernel without PPP can still send and see it. */
const MPPE: Row = {
  name: 'pptp-mppe.pcap',
  shows: 'PPP in the GRE of PPTP: a login by MS-CHAPv2, then CCP agrees on MPPE with 128 bits, stateless',
  peers: 'a script of ours on both ends, from the specification',
  how: 'messages laid out as in RFC 1661, RFC 2637, RFC 2759 and RFC 3078; what is encrypted is noise',
  checks: {
    'ccp.opt.type == 18 and ppp.code == 2': 2,
    'chap.code == 3': 1,
    'comp_data or ppp.protocol == 0x00fd': 2,
  },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'ip proto 47' })
    const sent = { client: 0, server: 0 }
    const turns = MPPE_FRAMES.map(([from, frame]) => [from, greFrame(from === 'client' ? 7 : 9, sent[from]++, frame)])
    const peer = (role: string, own: string, other: string): string[] => [
      '/usr/bin/python3',
      RAW_IP,
      ...[role, own, other, '0', '0', JSON.stringify(turns), '47'],
    ]
    await lab.serve(peer('server', SERVER_IP, CLIENT_IP), /ready/)
    await lab.client(peer('client', CLIENT_IP, SERVER_IP))
  },
}

async function serveXl2tpd(lab: Lab, place: Place, conf: string): Promise<void> {
  const file = (ending: string): string => `${lab.temp}/${place}.${ending}`
  writeFileSync(file('conf'), `[global]\nport = 1701\n${conf}`)
  const argv = ['xl2tpd', '-D', '-c', file('conf'), '-p', file('pid'), '-C', file('control')]
  await lab.serve(argv, /Listening on IP address/, { at: place })
}

export const VPN: readonly Row[] = [
  ...IKE.map(ikeRow),
  wireguardRow(),
  ...OPENVPN_ROWS.map(openvpnRow),
  ...PPP_TUNNELS,
  MPPE,
]
