/** A TLS 1.3 flow in tunnels of programs, which have their own where the kernel has none: Open vSwitch at both ends, and GTP. */
import { CLIENT_IP, HOST, type Lab, SERVER_IP } from '../lab.ts'
import { file, serveQuietly } from '../network.ts'
import type { Row } from '../row.ts'
import { WHOLE } from './cuts.ts'
import { OPENSSL, opensslRow, serveOpenssl } from './openssl.ts'

type Place = 'client' | 'server'
interface End {
  readonly place: Place
  readonly outer: string
  readonly remote: string
  readonly inner: string
  readonly mac: string
  readonly otherInner: string
  readonly otherMac: string
}

const MACS = { client: '02:00:0a:0b:00:02', server: '02:00:0a:0b:00:03' }
const ENDS: readonly End[] = [
  {
    place: 'client',
    outer: '10.10.1.2',
    remote: '10.10.1.3',
    inner: CLIENT_IP,
    mac: MACS.client,
    otherInner: SERVER_IP,
    otherMac: MACS.server,
  },
  {
    place: 'server',
    outer: '10.10.1.3',
    remote: '10.10.1.2',
    inner: SERVER_IP,
    mac: MACS.server,
    otherInner: CLIENT_IP,
    otherMac: MACS.client,
  },
]

/** `u0` goes to a switch `phy` that has the outer address; the switch `sw` has the inner one and a port into the tunnel. */
async function serveSwitch(lab: Lab, end: End, type: string, options: string): Promise<void> {
  const home = `${lab.temp}/${end.place}`
  const at = end.place
  const vsctl = `ovs-vsctl --db=unix:${home}/db.sock`
  const appctl = `ovs-appctl -t ${home}/switch.ctl`
  await lab.client([
    'sh',
    '-ec',
    `mkdir ${home}; ovsdb-tool create ${home}/db /usr/share/openvswitch/vswitch.ovsschema`,
  ])
  const database = ['ovsdb-server', `${home}/db`, `--remote=punix:${home}/db.sock`, `--unixctl=${home}/db.ctl`]
  await lab.serve(['sh', '-c', `${database.join(' ')} & sleep 0.5; ${vsctl} --no-wait init; echo up; wait`], /up/, {
    at,
  })
  const daemon = ['ovs-vswitchd', `unix:${home}/db.sock`, '--disable-system', `--unixctl=${home}/switch.ctl`]
  await lab.serve(['env', `OVS_RUNDIR=${home}`, ...daemon, '-vconsole:info'], /connected/, { at })
  const userspace = (bridge: string): string => `add-br ${bridge} -- set bridge ${bridge} datapath_type=netdev`
  await lab.client(
    [
      'sh',
      '-ec',
      `sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
       ${vsctl} ${userspace('phy')} -- add-port phy u0
       ${vsctl} ${userspace('sw')} -- set bridge sw other-config:hwaddr=${end.mac}
       ${vsctl} add-port sw t0 -- set interface t0 type=${type} options:remote_ip=${end.remote} ${options}
       ip addr add ${end.outer}/24 dev phy
       ip link set phy up
       ip link set dev sw mtu 1400 up
       ip addr add ${end.inner}/24 dev sw
       ip neigh add ${end.otherInner} lladdr ${end.otherMac} dev sw nud permanent
       ovs-ofctl add-flow ${home}/sw.mgmt in_port=1,actions=mod_dl_dst:${end.mac},LOCAL
       ovs-ofctl add-flow ${home}/sw.mgmt in_port=LOCAL,actions=output:1
       ${appctl} ovs/route/show`,
    ],
    { at },
  )
  await lab.client(['ping', '-c', '1', '-W', '2', end.remote], { at, mayFail: true })
}

interface Overlay {
  readonly name: string
  readonly shows: string
  /** Open vSwitch's own words for the port. */
  readonly type: string
  readonly options: string
  readonly outside: string
  readonly checks: Row['checks']
}

function overlayRow({ name, shows, type, options, outside, checks }: Overlay): Row {
  const made = opensslRow({
    name,
    shows,
    server: '',
    clients: ['-tls1_3'],
    wiring: 'underlay',
    setUp: async (lab) => {
      for (const end of ENDS) await serveSwitch(lab, end, type, options)
    },
    capture: { interfaces: ['u0'], filter: outside },
    checks: { ...WHOLE, ...checks },
  })
  const how = `${made.how}; \`ovs-vsctl set interface type=${type} ${options}\``
  return { ...made, peers: `${OPENSSL}; Open vSwitch 3.1.0 at both ends`, how: how.trim(), maxSeconds: 60 }
}

const MOBILE = { client: '10.12.0.1', network: '10.12.0.254' }

/** A core network's end of GTP, whose device has an address in the mobiles' network. */
const GGSN = (home: string): string => `log stderr
 logging level all notice
ggsn ggsn0
 gtp state-dir ${home}
 gtp bind-ip ${SERVER_IP}
 apn internet
  gtpu-mode tun
  tun-device tun4
  type-support v4
  ip prefix dynamic 10.12.0.0/24
  ip ifconfig ${MOBILE.network}/24
  no shutdown
 default-apn internet
 no shutdown ggsn
`

const GTPU: Row = {
  name: 'tls13-gtpu.pcap',
  shows: 'GTP-U (3GPP TS 29.281) around bare IP, and the GTP-C that set its context up',
  peers: `sgsnemu 1.9.0, osmo-ggsn 1.9.0; inside: ${OPENSSL}`,
  how: '`sgsnemu --createif --contexts 1`, `gtpu-mode tun`; `s_client -tls1_3`',
  checks: { ...WHOLE, 'gtp.message == 0x10': 1, 'gtp.message == 0x11': 1, 'gtp.message == 0xff': 'some' },
  record: async (lab) => {
    lab.wire('cable')
    await lab.client(['mkdir', 'sgsn'])
    const config = file(lab, 'ggsn.cfg', GGSN(lab.temp))
    await lab.serve(['osmo-ggsn', '-c', config], /Successfully started/)
    await lab.capture({ filter: 'udp port 2152 or udp port 2123' })
    const contexts = [
      '--contexts',
      '1',
      '--createif',
      '--apn',
      'internet',
      '--uid',
      'alice',
      '--pwd',
      'not-a-secret',
      '--timelimit',
      '30',
    ]
    const state = ['--statedir', `${lab.temp}/sgsn`, '--pidfile', `${lab.temp}/sgsn/pid`]
    const sgsn = ['sgsnemu', '--listen', CLIENT_IP, '--remote', SERVER_IP, ...contexts, ...state]
    await serveQuietly(lab, sgsn.join(' '), 3, 'client')
    await lab.client(['ip', 'link', 'set', 'tun0', 'mtu', '1400'])
    await lab.client(['ip', 'route', 'add', MOBILE.network, 'dev', 'tun0', 'src', MOBILE.client])
    await lab.client(['ip', 'link', 'set', 'tun4', 'mtu', '1400'], { at: 'server' })
    await serveOpenssl(lab, { host: MOBILE.network })
    const argv = [
      'openssl',
      's_client',
      '-connect',
      `${MOBILE.network}:443`,
      '-servername',
      HOST,
      '-tls1_3',
      '-ign_eof',
    ]
    await lab.client(argv, { input: 'GET /page.txt HTTP/1.0\r\n\r\n' })
  },
}

export const OVERLAYS: readonly Row[] = [
  GTPU,
  overlayRow({
    name: 'tls13-nvgre.pcap',
    shows: 'NVGRE (RFC 7637), virtual subnet 4711: GRE around Ethernet, the key made of subnet and flow',
    type: 'gre',
    // RFC 7637 §3.2: 24 bits of subnet, 8 of flow.
    options: `options:key=${4711 * 256 + 9}`,
    outside: 'ip proto 47',
    checks: { 'gre.proto == 0x6558': 'some', 'gre.key == 1206025': 'some' },
  }),
  overlayRow({
    name: 'tls13-erspan.pcap',
    shows: 'ERSPAN type II, session 100, as switches mirror ports',
    type: 'erspan',
    options: 'options:key=100 options:erspan_ver=1 options:erspan_idx=7',
    outside: 'ip proto 47',
    checks: { 'gre.proto == 0x88be': 'some', 'erspan.spanid == 100': 'some' },
  }),
  overlayRow({
    name: 'tls13-erspan-iii.pcap',
    shows: 'ERSPAN type III, session 100',
    type: 'erspan',
    options: 'options:key=100 options:erspan_ver=2 options:erspan_dir=1 options:erspan_hwid=4',
    outside: 'ip proto 47',
    checks: { 'gre.proto == 0x22eb': 'some', 'erspan.spanid == 100': 'some' },
  }),
  overlayRow({
    name: 'tls13-geneve-ethernet.pcap',
    shows: 'GENEVE (RFC 8926) around Ethernet, network 77',
    type: 'geneve',
    options: 'options:key=77',
    outside: 'udp dst port 6081',
    checks: { 'geneve.vni == 77': 'some', 'geneve.proto_type == 0x6558': 'some' },
  }),
  overlayRow({
    name: 'tls13-gre-ip.pcap',
    shows: 'GRE (RFC 2784) around bare IP, without a key',
    type: 'gre',
    options: 'options:packet_type=legacy_l3',
    outside: 'ip proto 47',
    checks: { 'gre.proto == 0x0800': 'some', 'gre.key': 0 },
  }),
]
