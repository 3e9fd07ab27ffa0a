import { existsSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'

/** The store that the operator names. @throws OperatorError ERR_USAGE where he names none */
export function namedStore({ data, clickhouse }: { data?: string; clickhouse?: string }) {
  if (clickhouse !== undefined) return { clickhouse }
  if (data !== undefined) return { data }
  throw new OperatorError('ERR_USAGE', 'no store was named', 'add --data DIR or --clickhouse URL')
}

/** The same for what only reads: a folder that is not there holds nothing, and none is made by asking. */
export function existingStore(named: { data?: string; clickhouse?: string }) {
  const choice = namedStore(named)
  if ('data' in choice && !existsSync(choice.data)) {
    throw new OperatorError(
      'ERR_DATA_FOLDER',
      `${choice.data} is not there`,
      'name the folder that replay or capture has',
    )
  }
  return choice
}
