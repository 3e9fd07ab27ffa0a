/** Live sources that are named by an address. Words of their usage are those of the table, which a test holds together. */
import { OperatorError } from '../core/errors.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { openPcapListener } from './pcap-listen.ts'
import { openPcapOverIp } from './pcap-over-ip.ts'
import type { Source } from './source.ts'
import { type MirrorTunnel, openUdpMirror, tunnelPort } from './udp-mirror.ts'

/** `ADDR:PORT`; all addresses and the registered port where one is left out. */
export const openMirror =
  (tunnel: MirrorTunnel) =>
  async (rest: string): Promise<Source> => {
    const endpoint = parseEndpoint(rest, { host: '0.0.0.0', port: tunnelPort(tunnel) })
    if (endpoint === null) throw addressError(`${tunnel}:${rest}`, `${tunnel}:ADDR:PORT`)
    return openUdpMirror({ tunnel, ...endpoint })
  }

/** `//HOST:PORT` */
export async function openTcp(rest: string): Promise<Source> {
  return openPcapOverIp({ tls: false, ...serverOf(rest, `tcp:${rest}`, 'tcp://HOST:PORT') })
}

/** `//HOST:PORT`, and `?ca=FILE` behind it or not */
export async function openTls(rest: string): Promise<Source> {
  const [address = '', caFile] = rest.split('?ca=', 2)
  const server = serverOf(caFile === '' ? '' : address, `tls:${rest}`, 'tls://HOST:PORT[?ca=FILE]')
  return openPcapOverIp({ tls: true, ...server, ...(caFile === undefined ? {} : { caFile }) })
}

/** `//ADDR:PORT` */
export async function openListener(rest: string): Promise<Source> {
  const endpoint = endpointOf(rest)
  if (endpoint === null) throw addressError(`tcp-listen:${rest}`, 'tcp-listen://ADDR:PORT')
  return openPcapListener(endpoint)
}

function serverOf(rest: string, spec: string, usage: string): Endpoint {
  const endpoint = endpointOf(rest)
  if (endpoint === null || endpoint.port === 0) throw addressError(spec, usage)
  return endpoint
}

/** Both parts given. */
const endpointOf = (rest: string): Endpoint | null => (rest.startsWith('//') ? parseEndpoint(rest.slice(2)) : null)

const addressError = (spec: string, usage: string): OperatorError =>
  new OperatorError(
    'ERR_USAGE',
    `${spec} has no address that can be used`,
    `write ${usage}; an IPv6 address stands in [brackets]`,
  )
