/** IEEE 802 numbers, as registered with IANA. */
export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_TEB = 0x6558
export const ETHERTYPE_VLAN = 0x8100
export const ETHERTYPE_IPV6 = 0x86dd
export const ETHERTYPE_PPP = 0x880b
export const ETHERTYPE_WCCP = 0x883e
export const ETHERTYPE_MPLS = 0x8847
export const ETHERTYPE_MPLS_MULTICAST = 0x8848
export const ETHERTYPE_PPPOE_SESSION = 0x8864
export const ETHERTYPE_QINQ = 0x88a8
export const ETHERTYPE_ERSPAN = 0x88be
export const ETHERTYPE_MACSEC = 0x88e5
export const ETHERTYPE_I_TAG = 0x88e7
export const ETHERTYPE_CMD = 0x8909
export const ETHERTYPE_E_TAG = 0x893f
export const ETHERTYPE_NSH = 0x894f
export const ETHERTYPE_QINQ_OLD = 0x9100
export const ETHERTYPE_QINQ_OLDER = 0x9200
export const ETHERTYPE_ERSPAN_III = 0x22eb
/** Values below are an IEEE 802.3 length, and LLC follows. */
export const MIN_ETHERTYPE = 0x0600
