/** Numbers of IANA's registries that more than one stage must agree on. */

// Assigned Internet Protocol Numbers.
export const PROTO_ICMP = 1
export const PROTO_TCP = 6
export const PROTO_UDP = 17
export const PROTO_ICMPV6 = 58
export const PROTO_SCTP = 132

// Service Name and Transport Protocol Port Numbers: the destination ports of tunnels in UDP. The decoder looks into them,
// so the kernel's filter must not judge their outside alone.
export const VXLAN_PORT = 4789
/** Linux's VXLAN before the port was assigned. */
export const VXLAN_LINUX_PORT = 8472
export const GENEVE_PORT = 6081
export const GTPU_PORT = 2152
