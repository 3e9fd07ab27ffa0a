/** The next step of the decode loop. Negative values end it. */
export const LAYER_ETHERNET = 1
/** An ethertype at `at`, followed by its payload. */
export const LAYER_ETHERTYPE = 2
export const LAYER_IP = 3
export const LAYER_IP_PAYLOAD = 4
export const LAYER_PPP = 5
export const LAYER_MPLS = 6
export const LAYER_LLC = 7
export const LAYER_NSH = 8

export const LAYER_DONE = -1
export const LAYER_FRAGMENT = -2
export const LAYER_NOT_IP = -3
export const LAYER_TRUNCATED = -4
export const LAYER_MALFORMED = -5
export const LAYER_UNSUPPORTED = -6
export const LAYER_LINK_ONLY = -7
