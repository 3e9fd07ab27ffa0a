/**
 * A process that looks at folders and stores as whoever will use them, and can be ended when they do not answer: the
 * embedded engine and a file system that is away hold the thread that asks.
 */
import { accessSync, constants, existsSync, realpathSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperatorError } from '../../core/errors.ts'
import { openStore } from '../../store/index.ts'
import { readMigrations } from '../../store/sql-files.ts'

export type Question =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'store'; readonly choice: { data: string } | { clickhouse: string } }

export type Answer =
  | {
      readonly kind: 'folder'
      /** The folder, or the nearest above it that there is. */
      readonly nearest: string
      /** Why it cannot be written, errno by its symbol; null = it can. */
      readonly refused: string | null
      readonly freeBytes: number
      /** Null where the file system counts none. */
      readonly freeFiles: number | null
    }
  | { readonly kind: 'store'; readonly version: string; readonly schema: number; readonly known: number }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly fix: string }

process.once('message', (question: Question) => {
  void answer(question)
    .catch(asError)
    .then((said) => process.send?.(said, () => process.exit()))
})

const answer = async (question: Question): Promise<Answer> =>
  question.kind === 'folder' ? lookAtFolder(question.path) : await lookAtStore(question.choice)

function asError(error: unknown): Answer {
  if (!(error instanceof OperatorError)) throw error
  return { kind: 'error', code: error.code, message: error.message, fix: error.fix }
}

function lookAtFolder(path: string): Answer {
  let nearest = path
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
  const { bavail, bsize, files, ffree } = statfsSync(nearest)
  return {
    kind: 'folder',
    nearest,
    refused: refusalOf(nearest),
    freeBytes: bavail * bsize,
    freeFiles: files === 0 ? null : ffree,
  }
}

function refusalOf(folder: string): string | null {
  try {
    // With the slash a file is refused.
    accessSync(`${realpathSync(folder)}/`, constants.R_OK | constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

async function lookAtStore(choice: { data: string } | { clickhouse: string }): Promise<Answer> {
  const store = await openStore(choice)
  const [server] = await store.select<{ version: string }>('server-version')
  const schema = await store.schemaVersion()
  await store.close()
  return { kind: 'store', version: server?.version ?? '?', schema, known: readMigrations().at(-1)?.version ?? 0 }
}
