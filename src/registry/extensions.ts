import { isGrease } from './grease.ts'
import { code, hexName, readRegistry } from './read-registry.ts'

const { rows } = readRegistry<{ readonly name: string }>('extensions.json')
const NAMES = new Map(rows.map((row) => [code(row), row.name]))

export const extensionName = (value: number): string =>
  NAMES.get(value) ?? (isGrease(value) ? 'GREASE' : hexName(value))
