/** KPIs counted from JSON lines, by code that knows neither the store nor its rollups: numerator, denominator, unobservable. */
type Line = Record<string, unknown>
type Counted = readonly [number, number, number]

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
const isOneOf = (line: Line, name: string, ...values: unknown[]): boolean => values.includes(line[name])
const isEncrypted = (line: Line): boolean => isOneOf(line, 'verdict', 'weak', 'strong', 'opaque')
const isTls = (line: Line): boolean =>
  line['tls_version'] !== undefined || line['ja4'] !== undefined || isOneOf(line, 'app_protocol', 'tls', 'dtls', 'quic')
const edgeOf = (line: Line): string => `${line['client_ip']} ${line['server_ip']} ${line['server_port']}`
const SILENT_MS = 7 * 24 * 3600 * 1000
const NOBODY = ['anonymous', 'sasl-anonymous', 'none', 'trust', 'jwt-none']
const mechanisms = (line: Line): string[] => texts(line['auth_mechanisms']).filter((one) => !NOBODY.includes(one))

export function capturedKpis(all: readonly Line[], certificates: readonly Line[]): Record<string, Counted> {
  const latest = [...new Map(all.map((line) => [line['flow_id'], line])).values()]
  const lines = latest.filter((line) => line['verdict'] !== 'exempt')
  const tls = lines.filter((line) => isTls(line) && line['verdict'] !== 'plaintext')
  const count = (from: readonly Line[], keeps: (line: Line) => unknown): number => from.filter(keeps).length
  const negotiated = count(tls, (line) => line['tls_version'] !== undefined)
  const hidden = tls.length - negotiated
  const full = tls.filter((line) => line['tls_version'] !== undefined && line['resumed'] !== true)
  const chains = tls.filter((line) => texts(line['server_certificates']).length > 0)
  const keyOf = new Map(certificates.map((one) => [one['fingerprint_sha256'], one['key_type']]))
  const leaf = (line: Line): unknown => keyOf.get(texts(line['server_certificates'])[0])
  const leaves = tls.filter((line) => leaf(line) !== undefined)
  const http = lines.filter((line) => line['http_method'] !== undefined)
  const allTls = lines.filter(isTls)
  const tried = lines.filter((line) => mechanisms(line).length > 0)
  const withOutcome = count(tried, (line) => line['auth_outcome'] !== undefined)
  const bearers = lines.filter((line) => texts(line['auth_mechanisms']).some((one) => /^http-(bearer|dpop)$/.test(one)))
  const answered = bearers.filter((line) => line['http_status'] !== undefined)
  const known = tls.filter((line) => line['resumed'] !== undefined)
  const asked = lines.filter((line) => isOneOf(line, 'client_certificate', 'presented', 'empty'))
  const shows = (line: Line): boolean =>
    mechanisms(line).length > 0 ||
    line['client_certificate'] === 'presented' ||
    isOneOf(line, 'app_protocol', 'ssh', 'wireguard', 'ike') ||
    line['transport'] === 'esp'
  const hides = (line: Line): boolean => !shows(line) && (isEncrypted(line) || line['verdict'] === 'unknown')
  const edges = (keeps: (line: Line) => boolean): Set<string> => new Set(lines.filter(keeps).map(edgeOf))
  const size = (line: Line): number => Number(line['bytes_client']) + Number(line['bytes_server'])
  const sum = (keeps: (line: Line) => boolean): number =>
    lines.filter(keeps).reduce((total, line) => total + size(line), 0)
  const isPlain = (line: Line): boolean => line['verdict'] === 'plaintext'
  const isUnknown = (line: Line): boolean => line['verdict'] === 'unknown'
  const plainEdges = edges(isPlain)
  // Who was silent for so long is fixed or gone: captures become older while nobody looks.
  const heard = edges((line) => Date.now() - Date.parse(String(line['last_seen'])) < SILENT_MS)
  const silent = [...plainEdges].filter((edge) => !heard.has(edge)).length
  const encryptedEdges = [...edges(isEncrypted)].filter((edge) => !plainEdges.has(edge))
  const unknownEdges = [...edges(isUnknown)].filter((edge) => !plainEdges.has(edge) && !encryptedEdges.includes(edge))
  const shown = edges(shows)
  const hiddenEdges = [...edges(hides)].filter((edge) => !shown.has(edge))
  const others = [...edges(() => true)].filter((edge) => !shown.has(edge) && !hiddenEdges.includes(edge))
  const kx = (line: Line): unknown => line['named_group_name'] ?? line['ssh_kex'] ?? line['cipher_suite_name']
  const versions = (...values: number[]): number => count(tls, (line) => values.includes(Number(line['tls_version'])))
  const named = allTls.filter((line) => line['server_name'] !== undefined)
  const refused = (line: Line): boolean =>
    texts(line['alerts']).some((one) => /^server:fatal:(4[0-6]|48|49|116)$/.test(one))
  const offered = count(lines, (line) => line['ech'] !== undefined)

  return {
    'coverage-flows': [
      count(lines, isEncrypted),
      count(lines, isEncrypted) + count(lines, isPlain),
      count(lines, isUnknown),
    ],
    'coverage-bytes': [sum(isEncrypted), sum(isEncrypted) + sum(isPlain), sum(isUnknown)],
    'coverage-edges': [encryptedEdges.length, encryptedEdges.length + plainEdges.size, unknownEdges.length],
    'tls-version-compliance': [versions(771, 772, 65_276, 65_277), negotiated, hidden],
    'tls13-share': [versions(772, 65_276), negotiated, hidden],
    'strong-encryption': [
      count(lines, (line) => line['verdict'] === 'strong'),
      count(lines, (line) => isOneOf(line, 'verdict', 'strong', 'weak')),
      count(lines, (line) => isOneOf(line, 'verdict', 'opaque', 'unknown')),
    ],
    'plaintext-unresolved': [plainEdges.size - silent, plainEdges.size - silent, silent],
    'resumption-share': [count(known, (line) => line['resumed']), known.length, tls.length - known.length],
    'hello-retry-share': [count(known, (line) => line['hello_retry']), known.length, tls.length - known.length],
    'multiplexing-share': [
      count(tls, (line) => /^h[23]/.test(String(line['alpn']))),
      count(tls, (line) => line['alpn'] !== undefined),
      count(tls, (line) => line['alpn'] === undefined),
    ],
    'ec-certificate-share': [
      count(leaves, (line) => ['ec', 'ed25519', 'ed448'].includes(String(leaf(line)))),
      leaves.length,
      full.length - leaves.length,
    ],
    'short-chain-share': [
      count(chains, (line) => texts(line['server_certificates']).length <= 3),
      chains.length,
      full.length - chains.length,
    ],
    'mtls-success': [
      count(asked, (line) => line['client_certificate'] === 'presented' && !refused(line)),
      asked.length,
      count(lines, (line) => isOneOf(line, 'client_certificate', 'unobservable', 'requested')),
    ],
    'mtls-adoption': [
      count(asked, (line) => line['client_certificate'] === 'presented'),
      count(lines, (line) => isOneOf(line, 'client_certificate', 'presented', 'empty', 'none', 'requested')),
      count(lines, (line) => line['client_certificate'] === 'unobservable'),
    ],
    'sigv4-adoption': [
      count(lines, (line) => texts(line['auth_mechanisms']).some((one) => one.startsWith('aws-sigv4'))),
      http.length,
      allTls.length,
    ],
    'sigv4-implied': [
      count(named, (line) => /\.(amazonaws\.com(\.cn)?|api\.aws)$/i.test(String(line['server_name']))),
      named.length,
      allTls.length - named.length,
    ],
    'authentication-failure-rate': [
      count(tried, (line) => line['auth_outcome'] === 'failure'),
      withOutcome,
      tried.length - withOutcome + count(lines, hides),
    ],
    'token-validation': [
      count(answered, (line) => line['http_status'] !== 401),
      answered.length,
      bearers.length - answered.length + allTls.length,
    ],
    'authentication-coverage': [shown.size, shown.size + others.length, hiddenEdges.length],
    'opaque-share': [
      count(lines, (line) => line['verdict'] === 'opaque'),
      count(lines, isEncrypted),
      count(lines, isUnknown),
    ],
    'certificate-visibility': [chains.length, full.length, hidden],
    'post-quantum-share': [
      count(lines, (line) => /mlkem|kyber|sntrup/i.test(String(kx(line)))),
      count(lines, (line) => kx(line) !== undefined),
      count(lines, (line) => kx(line) === undefined && !isPlain(line)),
    ],
    'ech-share': [0, count(lines, (line) => line['ja4'] !== undefined) - offered, offered],
  }
}
