import { CLIENT_IP, type Lab, SERVER_IP } from '../lab.ts'
import { file, type NetworkRow, row, serveQuietly } from '../network.ts'
import type { Row } from '../row.ts'

async function serveNamed(lab: Lab): Promise<void> {
  file(
    lab,
    'zone',
    '$TTL 60\n@ SOA ns.example.test. root.example.test. 1 60 60 60 60\n@ NS ns\nns A 10.11.0.3\nweb A 10.11.0.3\n',
  )
  const config = file(
    lab,
    'named.conf',
    `options { directory "${lab.temp}"; listen-on { ${SERVER_IP}; }; listen-on-v6 { none; }; recursion no;
       pid-file none; session-keyfile "${lab.temp}/session.key"; };
     controls { };
     key lab { algorithm hmac-sha256; secret "bm90LWEtc2VjcmV0"; };
     zone "example.test" { type primary; file "zone"; };`,
  )
  await lab.serve(['named', '-g', '-n', '1', '-c', config], /running/)
}

const BIND = 'dig 9.18, BIND 9.18 of Debian'
const dig = (lab: Lab, ...args: string[]) =>
  lab.client(['dig', `@${SERVER_IP}`, 'web.example.test', '+tries=1', ...args])

const NAMES: readonly NetworkRow[] = [
  {
    name: 'dns-udp.pcap',
    shows: 'DNS over UDP: a query and its answer, then one signed with TSIG',
    peers: BIND,
    how: '`dig @10.11.0.3 web.example.test A`, `dig -y hmac-sha256:lab:…`',
    checks: { dns: 4, 'dns.resp.type == 250': 2 },
    talk: async (lab) => {
      await serveNamed(lab)
      await dig(lab, 'A')
      await dig(lab, 'A', '-y', 'hmac-sha256:lab:bm90LWEtc2VjcmV0')
    },
  },
  {
    name: 'dns-tcp.pcap',
    shows: 'DNS over TCP',
    peers: BIND,
    how: '`dig +tcp @10.11.0.3 web.example.test A`',
    checks: { 'dns and tcp': 2 },
    talk: async (lab) => {
      await serveNamed(lab)
      await dig(lab, '+tcp')
    },
  },
  {
    name: 'netbios-names.pcap',
    shows: 'a NetBIOS name query and its answer, and what a server announces of itself by datagrams',
    peers: 'nmblookup 4.17, nmbd 4.17 of Debian',
    how: '`nmblookup -U 10.11.0.3 LAB`',
    checks: { nbns: 'some', nbdgm: 'some' },
    talk: async (lab) => {
      const config = file(
        lab,
        'smb.conf',
        `[global]\nnetbios name = LAB\nworkgroup = EXAMPLE\ninterfaces = 10.11.0.3/24\nbind interfaces only = yes
         local master = no\nlock directory = ${lab.temp}\nstate directory = ${lab.temp}\ncache directory = ${lab.temp}
         pid directory = ${lab.temp}\nprivate dir = ${lab.temp}\nncalrpc dir = ${lab.temp}\nlog file = ${lab.temp}/log\n`,
      )
      await serveQuietly(lab, `nmbd -F --no-process-group -s ${config}`, 9)
      await lab.client(['nmblookup', '-s', config, '-U', SERVER_IP, 'LAB'], { mayFail: true })
    },
  },
  {
    name: 'dhcp.pcap',
    shows: 'DHCP: a lease from discover to acknowledgement',
    peers: 'dhclient 4.4.3, dhcpd 4.4.3 of Debian',
    how: '`dhclient -4 c0`',
    checks: { 'dhcp.option.dhcp == 1': 1, 'dhcp.option.dhcp == 5': 1 },
    talk: async (lab) => {
      const config = file(
        lab,
        'dhcpd.conf',
        'subnet 10.11.0.0 netmask 255.255.255.0 { range 10.11.0.50 10.11.0.60; }\n',
      )
      const leases = file(lab, 'dhcpd.leases', '')
      await lab.serve(
        ['dhcpd', '-4', '-f', '-d', '-cf', config, '-lf', leases, '-pf', `${lab.temp}/p`, 's0'],
        /Server starting/,
      )
      await lab.client(
        ['dhclient', '-4', '-1', '-d', '-sf', '/bin/true', '-lf', `${lab.temp}/l`, '-pf', `${lab.temp}/q`, 'c0'],
        {
          mayFail: true,
          timeoutMs: 6000,
        },
      )
    },
  },
  {
    name: 'dhcpv6.pcap',
    shows: 'DHCPv6: solicit, advertise, request, reply',
    peers: 'dhclient 4.4.3, dhcpd 4.4.3 of Debian',
    how: '`dhclient -6 c0`',
    checks: { 'dhcpv6.msgtype == 1': 'some', 'dhcpv6.msgtype == 7': 'some' },
    talk: async (lab) => {
      for (const [at, dev, address] of [
        ['client', 'c0', 'fe80::2/64'],
        ['server', 's0', 'fe80::3/64'],
      ] as const) {
        await lab.client(['ip', 'addr', 'add', address, 'dev', dev, 'nodad'], { at })
      }
      const config = file(lab, 'dhcpd6.conf', 'subnet6 fd00:11::/64 { range6 fd00:11::50 fd00:11::60; }\n')
      const leases = file(lab, 'dhcpd6.leases', '')
      await lab.serve(
        ['dhcpd', '-6', '-f', '-d', '-cf', config, '-lf', leases, '-pf', `${lab.temp}/p`, 's0'],
        /Server starting/,
      )
      await lab.client(
        ['dhclient', '-6', '-1', '-d', '-sf', '/bin/true', '-lf', `${lab.temp}/l`, '-pf', `${lab.temp}/q`, 'c0'],
        {
          mayFail: true,
          timeoutMs: 6000,
        },
      )
    },
  },
]

/** One answer after the other, from scripts of ours: what Debian has no peer for. */
interface Written extends Omit<NetworkRow, 'talk' | 'peers' | 'how'> {
  readonly source: string
  readonly port: number
  readonly asks: readonly string[]
  readonly answers?: readonly string[]
  readonly group?: string
  /** The port they are sent from, where it matters. */
  readonly sentFrom?: number
}

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')

const written = ({ source, port, asks, answers = [], group, sentFrom = 0, ...rest }: Written): NetworkRow => ({
  ...rest,
  peers: 'two scripts of ours',
  how: `datagrams written by hand from ${source}`,
  talk: async (lab) => {
    for (const [at, dev] of [
      ['client', 'c0'],
      ['server', 's0'],
    ] as const) {
      if (group) await lab.client(['ip', 'route', 'add', '224.0.0.0/4', 'dev', dev], { at })
    }
    await lab.serve(lab.node('datagrams.mjs', { host: SERVER_IP, port, datagrams: answers, group }), /ready/)
    const to = [group ?? SERVER_IP, port]
    await lab.client(lab.node('datagrams.mjs', { host: CLIENT_IP, port: sentFrom, to, datagrams: asks, pauseMs: 80 }))
  },
})

const LLMNR_NAME = `05${hex('lab-1')}00 0001 0001`.replaceAll(' ', '')
const MDNS_NAME = `05${hex('lab-1')}05${hex('local')}00`

const WRITTEN: readonly Written[] = [
  {
    name: 'mdns.pcap',
    shows: 'multicast DNS: a query for a name in .local, and its answer with the cache-flush bit',
    source: 'RFC 6762',
    port: 5353,
    sentFrom: 5353,
    group: '224.0.0.251',
    asks: [
      `000000000001000000000000${MDNS_NAME}00010001`,
      `000084000000000100000000${MDNS_NAME}00018001000000780004${'0a0b0002'}`,
    ],
    checks: { mdns: 2 },
  },
  {
    name: 'llmnr.pcap',
    shows: 'LLMNR: a query for a single name, and its answer',
    source: 'RFC 4795',
    port: 5355,
    group: '224.0.0.252',
    asks: [`12340000000100000000000${''}0${LLMNR_NAME}`],
    answers: [`123480000001000100000000${LLMNR_NAME}05${hex('lab-1')}00000100010000001e00040a0b0003`],
    checks: { llmnr: 'some' },
  },
  {
    name: 'ntp-control.pcap',
    shows: 'NTP mode 6: a read of system variables and its answer',
    source: 'RFC 9327 §2',
    port: 123,
    asks: ['160200010000000000000000'],
    answers: [`168200010615000000000010${hex('version="ntpd 4"')}`],
    checks: { 'ntp.flags.mode == 6': 2 },
  },
  {
    name: 'ssdp.pcap',
    shows: 'SSDP: a search, and an announcement',
    source: 'UPnP Device Architecture 2.0 §1',
    port: 1900,
    group: '239.255.255.250',
    asks: [
      hex('M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'),
      hex(
        'NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: uuid:0::upnp:rootdevice\r\n\r\n',
      ),
    ],
    checks: { ssdp: 2 },
  },
  {
    name: 'statsd.pcap',
    shows: 'StatsD: counters, a gauge, a timer with a rate',
    source: "StatsD's metric types",
    port: 8125,
    asks: [
      hex('lab.requests:1|c'),
      hex('lab.queue:12|g\nlab.answer:3.5|ms|@0.1\n'),
      hex('lab.users:7|s|#zone:a,host:b'),
    ],
    checks: { 'udp.port == 8125': 3 },
  },
  {
    name: 'sflow5.pcap',
    shows: 'sFlow version 5: a counter sample of one interface',
    source: 'the sFlow version 5 specification',
    port: 6343,
    asks: [1, 2].map(
      (n) =>
        `00000005000000010a0b0002000000000000000${n}00001000${'00000001'}${'00000002'}${'0000006c'}${'00000001'}${'00000001'}${'00000001'}${'00000001'}${'00000058'}${'00'.repeat(88)}`,
    ),
    checks: { sflow: 2 },
  },
  {
    name: 'gtp-v1-v2.pcap',
    shows: 'GTP version 1 and version 2: echo requests and answers',
    source: '3GPP TS 29.060 and TS 29.274',
    port: 2123,
    asks: ['320100040000000000010000', '400100090000010003000100' + '05'],
    answers: ['3202000600000000000100000e05', '40020009000001000300010005'],
    checks: { 'gtp or gtpv2': 4 },
  },
]

export const NETWORK: readonly Row[] = [...NAMES, ...WRITTEN.map(written)].map(row)
