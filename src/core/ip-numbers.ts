/** Numbers of IANA's registries that more than one stage must agree on. */

// Assigned Internet Protocol Numbers.
export const PROTO_ICMP = 1
export const PROTO_TCP = 6
export const PROTO_UDP = 17
export const PROTO_GRE = 47
export const PROTO_ESP = 50
export const PROTO_ICMPV6 = 58
export const PROTO_SCTP = 132

// Service Name and Transport Protocol Port Numbers: the ports of tunnels in UDP. The decoder looks into them, so the
// kernel's filter must not judge their outside alone.
export const VXLAN_PORT = 4789
/** Linux's VXLAN before the port was assigned. */
export const VXLAN_LINUX_PORT = 8472
export const VXLAN_GPE_PORT = 4790
export const GENEVE_PORT = 6081
export const GTPU_PORT = 2152
export const LISP_DATA_PORT = 4341
export const TEREDO_PORT = 3544
export const L2TP_PORT = 1701
export const CAPWAP_DATA_PORT = 5247
/** No tunnel: but its DTLS stands behind the same preamble as that of the data. */
export const CAPWAP_CONTROL_PORT = 5246
/** Either end may have any port, and is answered there: these count as source ports too. */
export const ANSWERING_TUNNEL_PORTS = [GTPU_PORT, TEREDO_PORT, L2TP_PORT, CAPWAP_DATA_PORT]
/** Destination ports. */
export const TUNNEL_PORTS = [
  VXLAN_PORT,
  VXLAN_LINUX_PORT,
  VXLAN_GPE_PORT,
  GENEVE_PORT,
  LISP_DATA_PORT,
  ...ANSWERING_TUNNEL_PORTS,
]
