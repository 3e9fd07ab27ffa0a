/** Tor, and what hides it: only what the bytes show. */
import { readFileSync } from 'node:fs'
import { type Lab, SERVER_IP } from '../lab.ts'
import { file } from '../network.ts'
import { sleep } from '../process.ts'
import type { Row } from '../row.ts'
import { cableRow } from './cable-row.ts'

const TOR = 'Tor 0.4.9 of Debian'

const serve = async (lab: Lab, at: 'client' | 'server', lines: readonly string[], ready: RegExp): Promise<unknown> => {
  const home = `${lab.temp}/${at}-tor`
  await lab.client(['sh', '-c', `mkdir -p ${home} && chmod 700 ${home}`])
  const common = [
    `DataDirectory ${home}`,
    'Log notice stdout',
    'SocksPort 0',
    'GeoIPFile /dev/null',
    'GeoIPv6File /dev/null',
  ]
  const rc = file(lab, `${at}.torrc`, [...common, ...lines].join('\n'))
  // It asks nobody where it is: there is no network but the cable.
  return lab.serve(['tor', '--defaults-torrc', '/dev/null', '-f', rc], ready, { at, timeoutMs: 25_000 })
}

const BRIDGE = [
  'BridgeRelay 1',
  'PublishServerDescriptor 0',
  'AssumeReachable 1',
  `Address ${SERVER_IP}`,
  'Nickname example',
  'ContactInfo example',
]

export const HIDING: readonly Row[] = [
  cableRow(
    'tor-bridge.pcap',
    'Tor, client to bridge: TLS whose certificate and name are made up for it',
    `${TOR}, the same`,
    '`Bridge 10.11.0.3:9001`, `BridgeRelay 1`',
    { 'tls.handshake.type == 1': 'some', 'tls.handshake.type == 2': 'some' },
    async (lab) => {
      await serve(lab, 'server', [...BRIDGE, `ORPort ${SERVER_IP}:9001`], /Bootstrapped 0%|Opened OR listener/)
      await sleep(1000)
      await serve(lab, 'client', ['UseBridges 1', `Bridge ${SERVER_IP}:9001`], /Bootstrapped (10|14|15|2\d)%|handshak/i)
      await sleep(1500)
    },
    { maxSeconds: 60, decodeAs: ['tcp.port==9001,tls'] },
  ),
  cableRow(
    'tor-obfs4.pcap',
    'Tor behind obfs4: random from the first byte, in both directions',
    `obfs4proxy 0.0.14, the same; ${TOR} behind both`,
    '`ServerTransportPlugin obfs4`, `ClientTransportPlugin obfs4`',
    { 'tcp.port == 8443 and tcp.len > 0': 'some', tls: 0 },
    async (lab) => {
      const plugin = 'exec /usr/bin/obfs4proxy'
      const transport = [`ServerTransportPlugin obfs4 ${plugin}`, `ServerTransportListenAddr obfs4 ${SERVER_IP}:8443`]
      await serve(
        lab,
        'server',
        [...BRIDGE, 'ORPort 127.0.0.1:9001', 'ExtORPort auto', ...transport],
        /Registered server transport/,
      )
      await sleep(1000)
      const line = readFileSync(`${lab.temp}/server-tor/pt_state/obfs4_bridgeline.txt`, 'latin1')
      const fingerprint = readFileSync(`${lab.temp}/server-tor/fingerprint`, 'latin1').split(' ')[1]?.trim()
      const cert = /cert=\S+ iat-mode=\d/.exec(line)?.[0]
      const bridge = `Bridge obfs4 ${SERVER_IP}:8443 ${fingerprint} ${cert}`
      await serve(
        lab,
        'client',
        ['UseBridges 1', `ClientTransportPlugin obfs4 ${plugin}`, bridge],
        /Bootstrapped (10|14|15|2\d)%|handshak/i,
      )
      await sleep(1500)
    },
    { maxSeconds: 60 },
  ),
]
