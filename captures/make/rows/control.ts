/** Controllers, grids and carriers: conversations written down, at both ends scripts of ours. */
import { join } from 'node:path'
import { CLIENT_IP, SERVER_IP } from '../lab.ts'
import type { Row } from '../row.ts'
import { cableRow } from './cable-row.ts'
import {
  ADS,
  ADS_ROUTE,
  DOIP_ROUTING,
  DOIP_VEHICLE,
  diameterOver,
  M3UA,
  NGAP,
  OPENFLOW,
  OPENWIRE,
  PFCP,
  PHASORS,
  RPCAP,
  S1AP,
} from './control-exchanges.ts'
import type { Turns } from './database-exchanges.ts'
import { diameter, HOSTS, OK } from './routing.ts'

const PEERS = 'scripts of ours at both ends'
const how = (source: string): string => `the bytes that ${source} says`

function streamRow(
  name: string,
  shows: string,
  source: string,
  port: number,
  turns: Turns,
  checks: Row['checks'],
): Row {
  return cableRow(name, shows, PEERS, how(source), checks, async (lab) => {
    await lab.serve(lab.node('exchange.mjs', { role: 'server', host: SERVER_IP, port, turns }), /ready/)
    await lab.client(lab.node('exchange.mjs', { role: 'client', host: SERVER_IP, port, turns }))
  })
}

interface Datagrams {
  readonly asks: readonly string[]
  readonly answers: readonly string[]
}

function datagramsRow(
  name: string,
  shows: string,
  source: string,
  port: number,
  { asks, answers }: Datagrams,
  checks: Row['checks'],
): Row {
  return cableRow(name, shows, PEERS, how(source), checks, async (lab) => {
    await lab.serve(lab.node('datagrams.mjs', { host: SERVER_IP, port, datagrams: answers }), /ready/)
    const to = [SERVER_IP, port]
    await lab.client(lab.node('datagrams.mjs', { host: CLIENT_IP, port: 0, to, datagrams: asks, pauseMs: 80 }))
  })
}

export const RAW_IP = join(import.meta.dirname, '../peers/raw-ip.py')

function sctpRow(name: string, shows: string, source: string, port: number, turns: Turns, checks: Row['checks']): Row {
  return cableRow(name, shows, PEERS, how(source), checks, async (lab) => {
    const peer = (role: string, own: string, other: string): string[] => [
      '/usr/bin/python3',
      RAW_IP,
      role,
      own,
      other,
      String(port),
      String(port),
      JSON.stringify(turns),
    ]
    await lab.serve(peer('server', SERVER_IP, CLIENT_IP), /ready/)
    await lab.client(peer('client', CLIENT_IP, SERVER_IP))
  })
}

const DIAMETER = diameterOver(diameter(0x80, 257, HOSTS('client')), diameter(0, 257, [OK, ...HOSTS('server')]))

export const CONTROL: readonly Row[] = [
  streamRow(
    'synchrophasor-tcp.pcap',
    'synchrophasors: a configuration is asked for, then measurements',
    'IEEE C37.118.2',
    4712,
    PHASORS.asks.flatMap(
      (ask, n): Turns => [
        ['client', ask],
        ['server', PHASORS.answers[n] ?? ''],
      ],
    ),
    { 'synphasor.frtype == 4': 3, 'synphasor.frtype == 0': 2 },
  ),
  datagramsRow('synchrophasor-udp.pcap', 'the same over UDP', 'IEEE C37.118.2', 4713, PHASORS, {
    'synphasor.frtype == 3': 1,
  }),
  streamRow('ads.pcap', "ADS of Beckoff's controllers: who are you", 'the Beckoff Information System', 48898, ADS, {
    'ams.cmdid == 1': 2,
  }),
  datagramsRow(
    'ads-route.pcap',
    'a route between controllers is added, with name and password in the clear',
    'pyads',
    48899,
    ADS_ROUTE,
    { 'udp.port == 48899 and frame contains "not-a-secret"': 1 },
  ),
  streamRow('openflow.pcap', 'OpenFlow: hellos and the features of a switch', 'OpenFlow 1.3', 6653, OPENFLOW, {
    'openflow.version': 'some',
  }),
  sctpRow('sctp-m3ua.pcap', 'M3UA over SCTP: an application server comes up', 'RFC 4666', 2905, M3UA, {
    'm3ua.message_class == 3': 2,
    'sctp.checksum.status == "Bad"': 0,
  }),
  sctpRow('sctp-ngap.pcap', 'NGAP over SCTP: a node is turned away', 'TS 38.413', 38412, NGAP, {
    'ngap.procedureCode == 21': 2,
    'ngap.NGSetupFailure_element': 1,
    '_ws.malformed': 0,
  }),
  sctpRow('sctp-s1ap.pcap', 'S1AP over SCTP: a node is turned away', 'TS 36.413', 36412, S1AP, {
    's1ap.procedureCode == 17': 2,
    '_ws.malformed': 0,
  }),
  sctpRow('sctp-diameter.pcap', 'Diameter over SCTP: capabilities', 'RFC 6733', 3868, DIAMETER, {
    'diameter.cmd.code == 257': 2,
  }),
  datagramsRow('pfcp.pcap', 'PFCP: heartbeats and an association', '3GPP TS 29.244', 8805, PFCP, {
    'pfcp.msg_type == 1': 1,
    'pfcp.msg_type == 6': 1,
  }),
  datagramsRow('doip-vehicle.pcap', 'DoIP: a vehicle is asked for', 'ISO 13400-2', 13400, DOIP_VEHICLE, {
    'doip.type == 0x0004': 1,
  }),
  streamRow(
    'doip-routing.pcap',
    'DoIP: routing is activated, and diagnostics begin',
    'ISO 13400-2',
    13400,
    DOIP_ROUTING,
    {
      'doip.type == 0x0006': 1,
      'doip.type == 0x8001': 1,
    },
  ),
  streamRow('rpcap-password.pcap', 'rpcap: a login by password', 'rpcap-protocol.h of libpcap', 2002, RPCAP, {
    'rpcap.type == 8': 1,
    'frame contains "not-a-secret"': 1,
  }),
  streamRow('openwire.pcap', 'OpenWire: both say what they can', 'ActiveMQ', 61616, OPENWIRE, {
    'openwire.command == 1': 2,
  }),
]
