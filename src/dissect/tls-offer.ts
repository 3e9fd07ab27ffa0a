/** The client's offer of a ClientHello, made once for all the flows that send the same one. */
import { copyBytes } from '../core/bytes.ts'
import type { ClientOffer } from '../core/facts.ts'
import { type FingerprintInput, type Ja4Transport, ja3, ja3s, ja4 } from '../wire/fingerprint.ts'
import type { ClientHelloView } from '../wire/tls-client-hello.ts'
import { copyAlpn, readBytes, readCodePoints, readExtensionTypes, readKeyShareGroups } from '../wire/tls-extensions.ts'
import type { ServerHelloView } from '../wire/tls-server-hello.ts'
import type { SslV2ClientHello } from '../wire/tls-sslv2.ts'
import { ByteCache, type ByteCacheStats } from './tls-cache.ts'
import { hashKey, key, writeClientKey, writeServerKey } from './tls-offer-key.ts'

/** Distinct offers kept. Browsers permute extensions and GREASE, so that they alone fill any cache. */
const MAX_OFFERS = 8192
const MAX_SERVER_FINGERPRINTS = 8192
const MAX_KEYS_BYTES = 8 * 1024 * 1024

const offers = new ByteCache<ClientOffer>(MAX_OFFERS, MAX_KEYS_BYTES)
const serverFingerprints = new ByteCache<string>(MAX_SERVER_FINGERPRINTS, MAX_KEYS_BYTES)

export const helloCacheStats = (): { offers: ByteCacheStats; serverFingerprints: ByteCacheStats } => ({
  offers: offers.stats,
  serverFingerprints: serverFingerprints.stats,
})

/** The offer in the hello that `view` describes. Shared between flows and frozen. */
export function clientOffer(buf: Uint8Array, view: ClientHelloView, transport: Ja4Transport = 't'): ClientOffer {
  const length = writeClientKey(buf, view, transport)
  if (length === 0) return makeOffer(buf, view, transport)
  const hash = hashKey(length)
  const known = offers.find(hash, key, 0, length)
  if (known !== undefined) return known
  const offer = makeOffer(buf, view, transport)
  offers.add(hash, copyBytes(key, 0, length), offer)
  return offer
}

/** JA3S of the ServerHello that `view` describes. */
export function serverFingerprint(buf: Uint8Array, view: ServerHelloView): string {
  const length = writeServerKey(buf, view)
  if (length === 0) return makeServerFingerprint(buf, view)
  const hash = hashKey(length)
  const known = serverFingerprints.find(hash, key, 0, length)
  if (known !== undefined) return known
  const fingerprint = makeServerFingerprint(buf, view)
  serverFingerprints.add(hash, copyBytes(key, 0, length), fingerprint)
  return fingerprint
}

const NOTHING: readonly number[] = Object.freeze([])
const NO_TEXT: readonly string[] = Object.freeze([])

/** What an SSL 2.0 CLIENT-HELLO offers. JA3 and JA4 are not defined for it and stay empty. */
export const sslV2Offer = (hello: SslV2ClientHello): ClientOffer =>
  Object.freeze({
    legacyVersion: hello.version,
    versions: Object.freeze([hello.version]),
    cipherSuites: Object.freeze(hello.cipherSpecs),
    compressionMethods: NOTHING,
    extensions: NOTHING,
    namedGroups: NOTHING,
    pointFormats: NOTHING,
    signatureSchemes: NOTHING,
    keyShareGroups: NOTHING,
    alpn: NO_TEXT,
    ja3: '',
    ja4: '',
  })

function makeOffer(buf: Uint8Array, view: ClientHelloView, transport: Ja4Transport): ClientOffer {
  const supportedVersions = readCodePoints(buf, view.versionsAt, view.versionsEnd)
  const hello: FingerprintInput = {
    legacyVersion: view.legacyVersion,
    supportedVersions,
    cipherSuites: Object.freeze(readCodePoints(buf, view.cipherSuitesAt, view.cipherSuitesEnd)),
    extensions: Object.freeze(readExtensionTypes(buf, view.extensionsAt, view.extensionsEnd)),
    namedGroups: Object.freeze(readCodePoints(buf, view.groupsAt, view.groupsEnd)),
    pointFormats: Object.freeze(readBytes(buf, view.pointFormatsAt, view.pointFormatsEnd)),
    signatureSchemes: Object.freeze(readCodePoints(buf, view.schemesAt, view.schemesEnd)),
    alpn: Object.freeze(copyAlpn(buf, view.alpnAt, view.alpnEnd)),
  }
  return Object.freeze({
    legacyVersion: view.legacyVersion,
    versions: Object.freeze(supportedVersions.length > 0 ? supportedVersions : [view.legacyVersion]),
    cipherSuites: hello.cipherSuites,
    compressionMethods: Object.freeze(readBytes(buf, view.compressionAt, view.compressionEnd)),
    extensions: hello.extensions,
    namedGroups: hello.namedGroups,
    pointFormats: hello.pointFormats,
    signatureSchemes: hello.signatureSchemes,
    keyShareGroups: Object.freeze(readKeyShareGroups(buf, view.keySharesAt, view.keySharesEnd)),
    alpn: hello.alpn,
    ja3: ja3(hello),
    ja4: ja4(hello, transport),
  })
}

const makeServerFingerprint = (buf: Uint8Array, view: ServerHelloView): string =>
  ja3s(view.legacyVersion, view.cipherSuite, readExtensionTypes(buf, view.extensionsAt, view.extensionsEnd))
