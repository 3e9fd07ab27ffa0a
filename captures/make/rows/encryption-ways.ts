/** Files, desktops and tunnels whose encryption is refused, or there for who wants it. */
import { SERVER_IP } from '../lab.ts'
import { sleep } from '../process.ts'
import type { Row } from '../row.ts'
import { cableRow } from './cable-row.ts'
import { rdpRow, serveSmbd, write } from './remote.ts'
import { INNER, serveCharon, serveOpenvpn, serveWireguard, swanctl } from './vpn.ts'

const SAMBA = 'smbclient 4.17.12, smbd 4.17.12'

/** smbclient once with each of these options. */
function smbWay(name: string, shows: string, encrypt: string, asks: readonly string[][], checks: Row['checks']): Row {
  const told = asks.map((options) => `\`smbclient ${options.join(' ')}\``).join(', ')
  const how = `${told}, server \`server smb encrypt = ${encrypt}\``
  return cableRow(name, shows, SAMBA, how, checks, async (lab) => {
    await serveSmbd(lab, [`server smb encrypt = ${encrypt}`])
    const conf = write(lab, 'client.conf', '[global]\nclient min protocol = NT1\nworkgroup = LAB\n')
    for (const options of asks) {
      const to = ['-s', conf, `//${SERVER_IP}/share`, '-U', 'alice%not-a-secret', ...options]
      await lab.client(['smbclient', ...to, '-c', 'get page.txt /dev/null'], { mayFail: true })
    }
  })
}

const SMB: readonly Row[] = [
  smbWay(
    'smb-encryption-refused.pcap',
    'SMB: the server wants encryption, of which version 2.1 has none: STATUS_ACCESS_DENIED',
    'required',
    [['-m', 'SMB2']],
    { 'smb2.nt_status == 0xc0000022': 'some', 'smb2.header.transform.flags': 0 },
  ),
  smbWay(
    'smb-encryption-optional.pcap',
    'SMB 3.1.1 with encryption for who wants it: one client does, the next only signs',
    'if_required',
    [
      ['-m', 'SMB3', '--client-protection=encrypt'],
      ['-m', 'SMB3', '--client-protection=sign'],
    ],
    { 'smb2.header.transform.flags': 'some', 'frame contains "hello"': 'some' },
  ),
]

const RDP: readonly Row[] = [
  rdpRow({
    name: 'rdp-tls-optional.pcap',
    shows: "RDP at a server that takes either: the client asks for RDP's own security and gets it",
    layer: 'negotiate',
    client: '/sec:rdp',
    checks: { 'rdp.encryptionMethod == 2': 'some', 'tls.handshake.type == 1': 0 },
  }),
]

const OPENVPN = 'OpenVPN 2.6.14, OpenVPN 2.6.14'

/** Both ends agree on no cipher; ping goes through, and OpenVPN's own where `args` have it. */
function openvpnClear(
  name: string,
  shows: string,
  over: 'tcp' | undefined,
  args: string[],
  checks: Row['checks'],
): Row {
  const how = `\`openvpn --proto ${over ?? 'udp'} --data-ciphers none --cipher none ${args.join(' ')}\`; \`ping\``
  return cableRow(name, shows, OPENVPN, how, checks, async (lab) => {
    const all = ['--data-ciphers', 'none', '--cipher', 'none', ...args]
    await serveOpenvpn(lab, 'server', all, over)
    await serveOpenvpn(lab, 'client', all, over)
    await lab.client(['ping', '-q', '-c', '4', '-i', '0.2', '-I', INNER.client, INNER.server])
    if (args.includes('--ping')) await sleep(2500)
  })
}

const OPENVPN_CLEAR: readonly Row[] = [
  openvpnClear(
    'openvpn-udp-cipher-none.pcap',
    'OpenVPN over UDP whose data channel is signed and not encrypted: ping inside, readable',
    undefined,
    ['--auth', 'SHA256'],
    { 'openvpn.opcode == 9': 'some', 'frame contains 10:11:12:13:14:15:16:17': 8 },
  ),
  openvpnClear(
    'openvpn-tcp-cipher-none.pcap',
    'OpenVPN over TCP with neither cipher nor HMAC: what its idle ends say, and ping, are readable',
    'tcp',
    ['--auth', 'none', '--ping', '1'],
    { 'openvpn.opcode == 9': 'some', 'frame contains 2a:18:7b:f3:64:1e:b4:cb:07:ed:2d:0a:98:1f:c7:48': 'some' },
  ),
]

/** Each client has a key of its own, which the server gave it. */
const TLS_CRYPT_V2 = cableRow(
  'openvpn-udp-tls-crypt-v2.pcap',
  'OpenVPN over UDP that encrypts its control channel by a key of the client’s own, which its first packet brings along',
  OPENVPN,
  '`openvpn --tls-crypt-v2`; `ping -c 4`',
  { 'udp.dstport == 1194 and udp.payload[0:1] == 50': 'some' },
  async (lab) => {
    const make =
      'openvpn --genkey tls-crypt-v2-server server.key; openvpn --tls-crypt-v2 server.key --genkey tls-crypt-v2-client client.key'
    await lab.client(['sh', '-ec', make])
    await serveOpenvpn(lab, 'server', ['--tls-crypt-v2', 'server.key'])
    await serveOpenvpn(lab, 'client', ['--tls-crypt-v2', 'client.key'])
    await lab.client(['ping', '-q', '-c', '4', '-i', '0.2', '-I', INNER.client, INNER.server])
  },
)

const IKE = { name: '', shows: '', checks: {} }

interface IkeOffers {
  readonly version: 1 | 2
  readonly offered: string
  readonly accepted: string
  readonly checks: Row['checks']
}

/** A client with proposals of all ages, and a server that takes one of them. */
const ikeOffers = (name: string, shows: string, { version, offered, accepted, checks }: IkeOffers): Row =>
  cableRow(
    name,
    shows,
    'strongSwan 5.9.8, strongSwan 5.9.8',
    `\`proposals=${offered}\` to \`proposals=${accepted}\`, a pre-shared key`,
    checks,
    async (lab) => {
      await serveCharon(lab, 'server', { ...IKE, version, proposal: accepted })
      await serveCharon(lab, 'client', { ...IKE, version, proposal: offered })
      await lab.client(swanctl(lab, 'client', '--initiate', '--ike', 'peers', '--timeout', '8'))
    },
  )

const VPNS: readonly Row[] = [
  ikeOffers(
    'ike-v2-offers.pcap',
    'IKEv2 with three proposals from 3DES to AES-GCM: the server takes the last, and has the client ask again with its group',
    {
      version: 2,
      offered: '3des-sha1-modp1024,aes128-aes256-sha256-modp2048-ecp256,aes256gcm16-prfsha384-x25519',
      accepted: 'aes256gcm16-prfsha384-x25519',
      checks: {
        'isakmp.exchangetype == 34': 4,
        'isakmp.notify.msgtype == 17': 1,
        'isakmp.exchangetype == 34 and isakmp.tf.id.encr == 3 and isakmp.tf.id.encr == 20': 2,
        'isakmp.exchangetype == 35': 2,
      },
    },
  ),
  ikeOffers('ike-v1-offers.pcap', 'IKEv1 in main mode with two proposals, of which the server takes the better one', {
    version: 1,
    offered: '3des-md5-modp1024,aes256-sha256-modp2048',
    accepted: 'aes256-sha256-modp2048',
    checks: { 'isakmp.exchangetype == 2': 6, 'isakmp.ike.attr.encryption_algorithm == 5': 1 },
  }),
  cableRow(
    'ike-v2-refused.pcap',
    'IKEv2: nothing that the client proposes is good enough for the server, NO_PROPOSAL_CHOSEN',
    'strongSwan 5.9.8, strongSwan 5.9.8',
    '`proposals=3des-sha1-modp1024` to `proposals=aes256gcm16-prfsha384-x25519`',
    { 'isakmp.exchangetype == 34': 2, 'isakmp.notify.msgtype == 14': 1 },
    async (lab) => {
      await serveCharon(lab, 'server', { ...IKE, proposal: 'aes256gcm16-prfsha384-x25519' })
      await serveCharon(lab, 'client', { ...IKE, proposal: '3des-sha1-modp1024' })
      await lab.client(swanctl(lab, 'client', '--initiate', '--ike', 'peers', '--timeout', '4'), { mayFail: true })
    },
  ),
  cableRow(
    'wireguard-refused.pcap',
    'WireGuard: a server that does not know the key does not answer',
    'wireguard-go 0.0.20220316, the same',
    '`wg set` on the server with another key',
    { 'wg.type == 1': 'some', 'wg.type == 2': 0 },
    async (lab) => {
      await lab.client([
        'sh',
        '-ec',
        'for p in client server; do wg genkey > $p.key; wg genkey | wg pubkey > $p.pub; done',
      ])
      await serveWireguard(lab, 'server', [])
      await serveWireguard(lab, 'client', ['endpoint', `${SERVER_IP}:51820`])
      // WireGuard whitepaper §6.4: it asks again after five seconds.
      await lab.client(['ping', '-q', '-c', '2', '-i', '0.2', '-W', '1', '10.12.0.3'], { mayFail: true })
      await sleep(5500)
    },
  ),
  cableRow(
    'openvpn-udp-refused.pcap',
    "OpenVPN over UDP: the client does not trust the server's certificate, and its TLS ends with an alert",
    'OpenVPN 2.6.14, OpenVPN 2.6.14',
    '`openvpn --ca` of another authority',
    { 'openvpn.opcode == 7': 'some', 'openvpn.opcode == 9': 0 },
    async (lab) => {
      await serveOpenvpn(lab, 'server', [])
      await serveOpenvpn(
        lab,
        'client',
        ['--ca', lab.pki('ec-root.pem'), '--hand-window', '3'],
        undefined,
        /alert|error/i,
      )
      await sleep(500)
    },
  ),
]

export const ENCRYPTION_WAYS: readonly Row[] = [...SMB, ...RDP, ...VPNS, ...OPENVPN_CLEAR, TLS_CRYPT_V2]
