/** ADDR:PORT as operators write it, and what a refused address means to them. */
import { isIP } from 'node:net'
import { OperatorError } from '../core/errors.ts'

export interface Endpoint {
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
}

/** Reads "ADDR:PORT", "ADDR", ":PORT", "" or "[IPV6]:PORT"; null when it is none of them or a part has no default. */
export function parseEndpoint(text: string, defaults: Partial<Endpoint> = {}): Endpoint | null {
  const match = /^(?:\[([^\]]*)\]|([^:[\]/@\s]*))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return null
  const [, bracketed, plain, digits] = match
  if (bracketed !== undefined && isIP(bracketed) !== 6) return null
  const host = bracketed ?? (plain === '' ? defaults.host : plain)
  const port = digits === undefined ? defaults.port : Number(digits)
  if (host === undefined || port === undefined || port > 65_535) return null
  return { host, port }
}

export const endpointText = ({ host, port }: Endpoint): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)

/** Why `what` ("udp 0.0.0.0:4789") cannot be listened on. */
export function listenError(what: string, { host, port }: Endpoint, error: NodeJS.ErrnoException): OperatorError {
  const flag = what.startsWith('udp') ? 'u' : 't'
  return new OperatorError(
    'ERR_SOURCE_ADDRESS',
    `cannot listen on ${what}: ${reason(error)}`,
    fixOf(error, flag, host, port),
  )
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'the address is in use'
  if (error.code === 'EADDRNOTAVAIL') return 'the address is not of this machine'
  return error.message
}

function fixOf({ code }: NodeJS.ErrnoException, flag: string, host: string, port: number): string {
  // A VXLAN device of the kernel's own holds 4789 or 8472 too, and no process is to be found.
  const device = flag === 'u' ? '; or ip -d link show type vxlan' : ''
  if (code === 'EADDRINUSE') return `find who has it with: ss -${flag}lnp sport = :${port}${device}`
  if (code === 'EACCES')
    return `take a port from 1024 on, or allow ${port}: sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`
  return `take an address that "ip address" shows instead of ${host}, or 0.0.0.0 for all of them`
}
