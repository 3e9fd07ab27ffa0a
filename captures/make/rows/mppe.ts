import { runInMachine } from '../machine.ts'
import type { Row } from '../row.ts'

const PPP = ['slhc', 'libarc4', 'ppp_generic', 'ppp_async', 'ppp_mppe', 'veth']
const AGREED = { 'ccp.opt.type == 18 and ppp.code == 2': 2, 'chap.code == 3': 1, comp_data: 8 }

/** Real ends of PPP: what they say comes out of pppd, what they encrypt out of the kernel. */
const mppeRow = (protocol: 'pptp' | 'l2tp', row: Omit<Row, 'record' | 'maxSeconds'>): Row => ({
  ...row,
  maxSeconds: 150,
  record: (lab) => runInMachine(lab, PPP, 'mppe.sh', protocol),
})

export const MPPE: readonly Row[] = [
  mppeRow('pptp', {
    name: 'pptp-mppe-pppd.pcap',
    shows: 'PPTP whose PPP logs in by MS-CHAPv2 and encrypts by MPPE with 128 bits: ping inside',
    peers: 'pppd 2.4.9 over pptp 1.10.0, pppd 2.4.9 under pptpd 1.4.0',
    how: '`require-mppe-128`, in a machine of QEMU with Debian’s kernel 6.1 (`peers/mppe.sh pptp`); `ping -c 4`',
    checks: { 'pptp.control_message_type == 1': 1, ...AGREED },
  }),
  mppeRow('l2tp', {
    name: 'l2tp-mppe.pcap',
    shows: 'L2TP without IPsec whose PPP encrypts by MPPE with 128 bits, behind a login by MS-CHAPv2: ping inside',
    peers: 'pppd 2.4.9 under xl2tpd 1.3.18, the same',
    how: '`require-mppe-128`, in a machine of QEMU with Debian’s kernel 6.1 (`peers/mppe.sh l2tp`); `ping -c 4`',
    checks: { 'l2tp.avp.message_type == 1': 1, ...AGREED },
  }),
]
