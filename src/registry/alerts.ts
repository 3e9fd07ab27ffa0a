import { code, readRegistry } from './read-registry.ts'

const { rows } = readRegistry<{ readonly name: string }>('alerts.json')
const NAMES = new Map(rows.map((row) => [code(row), row.name]))

/** "handshake_failure"; the number itself where no name is registered. */
export const alertName = (description: number): string => NAMES.get(description) ?? String(description)
