import { OperatorError } from '../core/errors.ts'

/** The store that the operator names. @throws OperatorError ERR_USAGE where he names none */
export function namedStore({ data, clickhouse }: { data?: string; clickhouse?: string }) {
  if (clickhouse !== undefined) return { clickhouse }
  if (data !== undefined) return { data }
  throw new OperatorError('ERR_USAGE', 'no store was named', 'add --data DIR or --clickhouse URL')
}
