import { join } from 'node:path'
import { CLIENT_IP, type Lab, SERVER_IP } from '../lab.ts'
import { file, type NetworkRow, row, serveQuietly } from '../network.ts'
import { sh, sleep } from '../process.ts'
import type { Row } from '../row.ts'

const BIRD = 'BIRD 2.0.12, BIRD 2.0.12 of Debian'

/** The same configuration at both ends, but for addresses and interfaces. */
function birdRow(
  name: string,
  shows: string,
  how: string,
  config: (end: End) => string,
  checks: Row['checks'],
  seconds = 3,
): NetworkRow {
  return {
    name,
    shows,
    peers: BIRD,
    how,
    checks,
    talk: async (lab) => {
      for (const end of ENDS) {
        const text = `router id ${end.own};\nlog stderr all;\nprotocol device { }\nprotocol static { ipv4; route 192.0.2.${end.as - 65000}/32 blackhole; }\n${config(end)}`
        const path = file(lab, `${end.at}.conf`, text)
        await lab.serve(['bird', '-f', '-c', path, '-s', `${lab.temp}/${end.at}.ctl`], /Started|Starting/, {
          at: end.at,
        })
      }
      await sleep(seconds * 1000)
    },
  }
}

interface End {
  readonly at: 'client' | 'server'
  readonly dev: string
  readonly own: string
  readonly other: string
  readonly as: number
}
const ENDS: readonly End[] = [
  { at: 'server', dev: 's0', own: SERVER_IP, other: CLIENT_IP, as: 65002 },
  { at: 'client', dev: 'c0', own: CLIENT_IP, other: SERVER_IP, as: 65001 },
]

const bgp = ({ own, other, as }: End): string =>
  `protocol bgp { local ${own} as ${as}; neighbor ${other} as ${as === 65001 ? 65002 : 65001};
   connect delay time 1; ${as === 65002 ? 'passive on;' : ''} ipv4 { import all; export all; }; }`
const ospf =
  (authentication: string) =>
  ({ dev }: End): string =>
    `protocol ospf v2 { ipv4 { import all; export all; }; area 0 { interface "${dev}" { type ptp; hello 1; ${authentication} }; }; }`
const rip = ({ dev }: End): string =>
  `protocol rip { ipv4 { import all; export all; }; interface "${dev}" { update time 1; authentication plaintext; password "not-a-secret"; }; }`

/** FRR's daemons of both ends, each with a zebra of its own and sockets in the lab's folder. */
function frrRow(
  name: string,
  shows: string,
  daemon: string,
  config: (end: End) => string,
  checks: Row['checks'],
): NetworkRow {
  return {
    name,
    shows,
    peers: 'FRR 8.4.4, FRR 8.4.4 of Debian',
    how: `\`${daemon}\``,
    checks,
    talk: async (lab) => {
      for (const end of ENDS) {
        const folder = `${lab.temp}/${end.at}`
        const conf = file(lab, `${end.at}.conf`, config(end))
        const common = `-u frr -g frr -z ${folder}/zserv --vty_socket ${folder} -P 0`
        const start = (program: string, from: string): string =>
          `/usr/lib/frr/${program} -f ${from} -i ${folder}/${program}.pid ${common} --log stdout &`
        const command = `install -d -o frr ${folder}; ${start('zebra', '/dev/null')} sleep 1; ${start(daemon, conf)} sleep 1; echo started; wait`
        await lab.serve(['sh', '-c', command], /started/, { at: end.at })
      }
      await sleep(9000)
    },
  }
}

const PASSWORD = 'authentication simple; password "notsecre";'
const DIGEST = 'authentication cryptographic; password "not-a-secret" { algorithm hmac sha256; };'

const ROUTING_ROWS: readonly NetworkRow[] = [
  birdRow(
    'bgp.pcap',
    'BGP: OPEN, KEEPALIVE, UPDATE',
    '`protocol bgp`',
    bgp,
    { 'bgp.type == 1': 2, 'bgp.type == 2': 'some' },
    4,
  ),
  birdRow('ospf.pcap', 'OSPF version 2 without authentication', '`protocol ospf v2`', ospf(''), {
    'ospf.auth.type == 0': 'some',
  }),
  birdRow(
    'ospf-password.pcap',
    'OSPF version 2 with a password in the clear',
    '`authentication simple`',
    ospf(PASSWORD),
    { 'ospf.auth.type == 1': 'some' },
  ),
  birdRow('ospf-digest.pcap', 'OSPF version 2 with keyed digests', '`authentication cryptographic`', ospf(DIGEST), {
    'ospf.auth.type == 2': 'some',
  }),
  birdRow('rip-password.pcap', 'RIP version 2 with a password in the clear', '`authentication plaintext`', rip, {
    'rip.auth.type == 2': 'some',
  }),
  frrRow(
    'eigrp.pcap',
    'EIGRP: hellos, and the table of routes',
    'eigrpd',
    () => 'router eigrp 1\n network 10.11.0.0/24\n',
    {
      'eigrp.opcode == 5': 'some',
      'eigrp.opcode == 1': 'some',
    },
  ),
  frrRow('pim.pcap', 'PIM version 2: hellos', 'pimd', ({ dev }) => `interface ${dev}\n ip pim\n`, {
    'pim.type == 0': 'some',
  }),
  {
    name: 'vrrp-password.pcap',
    shows: 'VRRP version 2 with a password in the clear',
    peers: 'keepalived 2.2 of Debian, nobody',
    how: '`auth_type PASS`',
    checks: { 'vrrp.auth_type == 1': 'some' },
    talk: async (lab) => {
      const text = `global_defs { vrrp_version 2\n router_id lab }
        vrrp_instance lab { state MASTER\n interface s0\n virtual_router_id 7\n priority 200\n advert_int 1
          authentication { auth_type PASS\n auth_pass notsecre }\n virtual_ipaddress { 10.11.0.9/24 } }\n`
      const config = file(lab, 'keepalived.conf', text.replaceAll('{ ', '{\n').replaceAll(' }', '\n}'))
      const pids = `-p ${lab.temp}/p -r ${lab.temp}/r`
      await serveQuietly(lab, `keepalived -n -P -l -D -f ${config} ${pids} 2>/dev/null`, 6)
    },
  },
]

const CAPTURES = join(import.meta.dirname, '../..')

function exportRow(name: string, shows: string, version: number, checks: Row['checks']): NetworkRow {
  const port = version === 10 ? 4739 : 2055
  return {
    name,
    shows,
    peers: 'softflowd 1.1, nfcapd 1.7 of Debian',
    how: `\`softflowd -v ${version} -r http-plain-get.pcap -n 10.11.0.3:${port}\``,
    checks,
    decodeAs: [`udp.port==${port},cflow`],
    talk: async (lab) => {
      sh(`mkdir -p ${lab.temp}/flows && chmod 777 "$(dirname ${lab.temp})" ${lab.temp} ${lab.temp}/flows`)
      await serveQuietly(lab, `nfcapd -p ${port} -b ${SERVER_IP} -l ${lab.temp}/flows -P ${lab.temp}/pid`)
      const pcap = join(CAPTURES, 'http-plain-get.pcap')
      const args = [
        '-v',
        String(version),
        '-r',
        pcap,
        '-n',
        `${SERVER_IP}:${port}`,
        '-p',
        `${lab.temp}/sp`,
        '-c',
        'none',
      ]
      await lab.client(['sh', '-c', `softflowd -d ${args.join(' ')} </dev/null >/dev/null 2>&1`], {
        mayFail: true,
        timeoutMs: 6000,
      })
    },
  }
}

const EXPORT_ROWS: readonly NetworkRow[] = [
  exportRow('netflow-v5.pcap', 'NetFlow version 5', 5, { 'cflow.version == 5': 'some' }),
  exportRow('netflow-v9.pcap', 'NetFlow version 9: templates and flows', 9, { 'cflow.version == 9': 'some' }),
  exportRow('ipfix.pcap', 'IPFIX: templates and flows', 10, { 'cflow.version == 10': 'some' }),
]

function collectdRow(name: string, shows: string, security: string): NetworkRow {
  return {
    name,
    shows,
    peers: 'collectd 5.12 of Debian, nobody',
    how: security === '' ? '`LoadPlugin network`' : `\`SecurityLevel ${security}\``,
    checks: { 'udp.dstport == 25826': 'some' },
    talk: async (lab) => {
      await lab.serve(lab.node('datagrams.mjs', { host: SERVER_IP, port: 25826, datagrams: [] }), /ready/)
      const level = security === '' ? '' : `SecurityLevel ${security}\nUsername "alice"\nPassword "not-a-secret"\n`
      const config = file(
        lab,
        'collectd.conf',
        `Hostname "lab"\nInterval 1\nTypesDB "/usr/share/collectd/types.db"\nPIDFile "${lab.temp}/pid"\nBaseDir "${lab.temp}"
LoadPlugin load\nLoadPlugin network\n<Plugin network>\n<Server "${SERVER_IP}" "25826">\n${level}</Server>\n</Plugin>\n`,
      )
      await lab.client(['timeout', '-s', 'INT', '3', 'collectd', '-f', '-C', config], {
        mayFail: true,
        timeoutMs: 6000,
      })
    },
  }
}

const COLLECTD_ROWS: readonly NetworkRow[] = [
  collectdRow('collectd.pcap', 'collectd: values in the clear', ''),
  collectdRow('collectd-sign.pcap', 'collectd: values in the clear, signed', 'Sign'),
  collectdRow('collectd-encrypt.pcap', 'collectd: values encrypted', 'Encrypt'),
]

/** RFC 6733 §3 and §4.1. */
export function diameter(flags: number, command: number, avps: readonly (readonly [number, string])[]): string {
  const body = avps.map(([code, value]) => {
    const bytes = Buffer.from(value, 'latin1')
    const head = Buffer.alloc(8)
    head.writeUInt32BE(code, 0)
    head.writeUInt32BE(0x40000000 + 8 + bytes.length, 4)
    return Buffer.concat([head, bytes, Buffer.alloc(-bytes.length & 3)])
  })
  const head = Buffer.alloc(20)
  const message = Buffer.concat([head, ...body])
  head.writeUInt32BE(0x01000000 + message.length, 0)
  head.writeUInt32BE(((flags << 24) | command) >>> 0, 4)
  head.copy(message)
  return message.toString('latin1')
}

export const HOSTS = (host: string): (readonly [number, string])[] => [
  [264, `${host}.example.test`],
  [296, 'example.test'],
  [257, `\0\x01\x0a\x0b\0${host === 'server' ? '\x03' : '\x02'}`],
]
export const OK = [268, '\0\0\x07\xd1'] as const

const TCP_ROWS: readonly NetworkRow[] = [
  {
    name: 'diameter.pcap',
    shows: 'Diameter over TCP: capabilities without TLS, then a watchdog',
    peers: 'two scripts of ours',
    how: 'messages written by hand from RFC 6733',
    checks: { 'diameter.cmd.code == 257': 2, 'diameter.cmd.code == 280': 2 },
    talk: async (lab) => {
      const answers = [
        diameter(0, 257, [OK, ...HOSTS('server')]),
        diameter(0, 280, [OK, ...HOSTS('server').slice(0, 2)]),
      ]
      await lab.serve(lab.node('exchange-server.mjs', { host: SERVER_IP, port: 3868, answers }), /ready/)
      const lines = [diameter(0x80, 257, HOSTS('client')), diameter(0x80, 280, HOSTS('client').slice(0, 2))]
      await lab.client(latin1Client(lab, 3868, lines))
    },
  },
  {
    name: 'graphite.pcap',
    shows: "Graphite's plaintext protocol",
    peers: 'two scripts of ours',
    how: 'lines written by hand from the documentation of Graphite',
    checks: { 'tcp.dstport == 2003 and tcp.len > 0': 'some' },
    talk: async (lab) => {
      await lab.serve(lab.node('exchange-server.mjs', { host: SERVER_IP, port: 2003, answers: [] }), /ready/)
      await lab.client(latin1Client(lab, 2003, ['lab.load.shortterm 0.25 1767225600\n', 'lab.users 3 1767225601\n']))
    },
  },
]

const latin1Client = (lab: Lab, port: number, texts: readonly string[]): string[] =>
  lab.node('tcp-client.mjs', { host: SERVER_IP, port, latin1: texts, hold: 200 })

export const ROUTING: readonly Row[] = [...ROUTING_ROWS, ...EXPORT_ROWS, ...COLLECTD_ROWS, ...TCP_ROWS].map(row)
