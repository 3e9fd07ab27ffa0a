/** Ports on which TLS begins with the first byte, by IANA's registry and by common use. */
export const TLS_PORTS: ReadonlySet<number> = new Set([
  443, 465, 563, 614, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 3269, 4433, 5061, 5349, 5671, 5986, 6514, 6679,
  6697, 8443, 8883, 9093, 9443, 10250, 15017,
])
