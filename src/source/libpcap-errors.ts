/** What libpcap's refusals mean to whoever asked for a live capture. */
import { OperatorError } from '../core/errors.ts'
import { noSuchInterface } from './af-packet-errors.ts'

// pcap/pcap.h, "Error codes for the pcap API".
const PCAP_ERROR_NO_SUCH_DEVICE = -5
const PCAP_ERROR_PERM_DENIED = -8
const PCAP_ERROR_IFACE_NOT_UP = -9
const PCAP_ERROR_PROMISC_PERM_DENIED = -11
const PCAP_ERROR_CAPTURE_NOTSUP = -13

/** A call that libpcap refused. */
export class PcapError extends Error {
  readonly status: number
  constructor(call: string, status: number, text: string) {
    super(`${call}: ${text}`)
    this.name = 'PcapError'
    this.status = status
  }

  /** The interface is there, and switched off. */
  get isDown(): boolean {
    return this.status === PCAP_ERROR_IFACE_NOT_UP
  }

  get isGone(): boolean {
    return this.status === PCAP_ERROR_NO_SUCH_DEVICE
  }
}

export function pcapError(error: PcapError, name: string): OperatorError {
  const what = `cannot capture on ${name}: ${error.message}`
  switch (error.status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return noSuchInterface(name)
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return new OperatorError('ERR_SOURCE_PERMISSION', what, permissionFix())
    case PCAP_ERROR_CAPTURE_NOTSUP:
      return new OperatorError('ERR_SOURCE_UNSUPPORTED', what, 'capture on another interface')
    default:
      return new OperatorError('ERR_SOURCE_REFUSED', what, `see what tcpdump says: sudo tcpdump -i ${name} -c 1`)
  }
}

export const permissionFix = (): string =>
  process.platform === 'linux'
    ? 'grant CAP_NET_RAW: sudo setcap cap_net_raw=ep $(readlink -f $(which node)), or run as root'
    : 'run as root, or as a user who may read /dev/bpf*'
