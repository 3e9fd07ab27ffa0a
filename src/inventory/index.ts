/** The kinds of inventories: one row a kind. */
import { readAcm } from './acm.ts'
import { readAcmPca } from './acm-pca.ts'
import { readAuthorities } from './acm-pca-authority.ts'
import { readAwsPem } from './aws-pem.ts'
import { readCsv, readNamedColumns } from './csv.ts'
import { type InventoryFound, type InventoryItem, itemOfDer } from './item.ts'
import { readSecrets } from './kubernetes.ts'
import { readPem } from './pem.ts'

export interface InventoryKind {
  /** In a folder, files that end so. */
  readonly files: RegExp
  /** Null when the file is not of this kind. Never throws. */
  read(content: Uint8Array, file: string): InventoryFound | null
}

export const INVENTORY_KINDS: Readonly<Record<string, InventoryKind>> = {
  acm: {
    files: /\.json$/i,
    read(content, file) {
      const answer = json(content)
      return readAwsPem(answer, file) ?? told(readAcm(answer))
    },
  },
  'acm-pca': {
    files: /\.(?:json|csv)$/i,
    read(content, file) {
      if (/\.csv$/i.test(file)) return told(readAcmPca(readCsv(words(content))))
      const answer = json(content)
      return readAwsPem(answer, file, { authority: 'private' }) ?? told(readAuthorities(answer) ?? readAcmPca(answer))
    },
  },
  pem: {
    files: /\.(?:pem|crt|cer|der)$/i,
    read(content, file) {
      const ders = readPem(content)
      const called = (at: number): string => (at === 0 ? file : `${file} #${at + 1}`)
      return ders.length === 0 ? null : { ders, items: ders.map((der, at) => itemOfDer(called(at), der)) }
    },
  },
  kubernetes: {
    files: /\.ya?ml$/i,
    read(content) {
      const found = readSecrets(words(content))
      if (found === null) return null
      return { ders: found.map(({ der }) => der), items: found.map(({ item, der }) => itemOfDer(item, der)) }
    },
  },
  csv: { files: /\.csv$/i, read: (content) => told(readNamedColumns(readCsv(words(content)))) },
}

const words = (content: Uint8Array): string => Buffer.from(content).toString('utf8')

function json(content: Uint8Array): unknown {
  try {
    return JSON.parse(words(content))
  } catch {
    return null
  }
}

const told = (items: readonly InventoryItem[] | null): InventoryFound | null =>
  items === null ? null : { items, ders: [] }
