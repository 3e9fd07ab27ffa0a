/** Secrets of the type kubernetes.io/tls, as `kubectl get secrets -o yaml` prints them. Of `data` only `tls.crt` is looked at. */
import { parseAllDocuments } from 'yaml'
import { isObject, type JsonObject, text } from './item.ts'
import { readPem } from './pem.ts'

export interface SecretCertificate {
  /** namespace/name, and the place in the chain where it is not the first. */
  readonly item: string
  readonly der: Uint8Array
}

/** Aliases make much of little ("billion laughs"); Secrets have none. */
const MAX_ALIASES = 0

/** Null when it is no YAML, or none of objects, as those of Kubernetes are. */
export function readSecrets(content: string): SecretCertificate[] | null {
  const documents = parseAllDocuments(content, { logLevel: 'silent' })
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return null
  try {
    const values = documents
      .map((document) => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown)
      .filter((value) => value !== null)
    return values.every(isObject) ? values.flatMap(secretsIn).flatMap(certificatesOf) : null
  } catch {
    return null
  }
}

function secretsIn(value: JsonObject): JsonObject[] {
  if (Array.isArray(value['items'])) return value['items'].filter(isSecret)
  return isSecret(value) ? [value] : []
}

const isSecret = (value: unknown): value is JsonObject =>
  isObject(value) && value['kind'] === 'Secret' && value['type'] === 'kubernetes.io/tls'

function certificatesOf({ metadata, data, stringData }: JsonObject): SecretCertificate[] {
  const { namespace, name } = isObject(metadata) ? metadata : {}
  const encoded = isObject(data) ? text(data['tls.crt']) : null
  const plain = isObject(stringData) ? text(stringData['tls.crt']) : null
  const pem = encoded === null ? Buffer.from(plain ?? '') : Buffer.from(encoded, 'base64')
  const called = `${text(namespace) ?? 'default'}/${text(name) ?? '?'}`
  return readPem(pem).map((der, at) => ({ item: at === 0 ? called : `${called} #${at + 1}`, der }))
}
