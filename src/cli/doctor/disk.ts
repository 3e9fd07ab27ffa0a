/** Checks of where the rows go. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bytes, count } from '../../report/format.ts'
import type { Account } from '../privileges.ts'
import { ask } from './ask.ts'
import { type Finding, fail, ok, type Planned, skipped, warn } from './finding.ts'

/** A little less than a check may take, so that it is told by its own words. */
const ASK_MS = 1800

const MIB = 1024 * 1024
const FULL_BYTES = 100 * MIB
const NEARLY_FULL_BYTES = 1024 * MIB
/** The embedded store makes some ten files for each part of a table. */
const FEW_FILES = 10_000

const REFUSALS: Record<string, string> = {
  EACCES: 'it is not writable',
  EPERM: 'it is not writable',
  EROFS: 'its file system is read-only',
  ENOTDIR: 'it is a file',
}

export const dataFolder = (planned: Planned): Promise<Finding> =>
  planned.data === null ? Promise.resolve(skipped('no data folder is used')) : folder(planned.data, planned, '--data')

export const spoolFolder = (planned: Planned): Promise<Finding> =>
  planned.spool === null ? Promise.resolve(skipped('nothing is kept')) : folder(planned.spool, planned, '--spool')

async function folder(path: string, { account, user }: Planned, option: string): Promise<Finding> {
  const answer = await ask({ kind: 'folder', path }, account, ASK_MS)
  if (answer === 'late') return fail(`${path} does not answer`, `look at its file system, or name another ${option}`)
  if (answer instanceof Error) return notTried(path, answer, user)
  if (answer.kind !== 'folder') return fail(`${path} cannot be looked at`, `name another folder with ${option}`)
  const { nearest, refused, freeBytes, freeFiles } = answer
  if (refused !== null)
    return fail(
      `${user ?? 'this user'} cannot use ${nearest}: ${REFUSALS[refused] ?? refused}`,
      `${handOver(path, nearest === path, refused, user ?? '$USER')}name another folder with ${option}`,
    )
  const room = `${bytes(freeBytes)} free${freeFiles === null ? '' : ` and ${count(freeFiles)} files more`}`
  const text = nearest === path ? `${path}: writable, ${room}` : `${path} will be made in ${nearest}, ${room}`
  const fix = `make room, or name another folder with ${option}`
  if (freeBytes < FULL_BYTES || freeFiles === 0) return fail(text, fix)
  if (freeBytes < NEARLY_FULL_BYTES || (freeFiles ?? FEW_FILES) < FEW_FILES) return warn(text, fix)
  return ok(text)
}

export async function store({ data, clickhouse, account, user }: Planned): Promise<Finding> {
  if (clickhouse === null && data === null) return skipped('nothing is kept')
  // Looking would make one, with whoever looks as its owner.
  if (clickhouse === null && !existsSync(join(data as string, 'metadata')))
    return ok('there is none yet: a capture makes it')
  const choice = clickhouse === null ? { data: data as string } : { clickhouse }
  const answer = await ask({ kind: 'store', choice }, account ?? ownerOf(data), ASK_MS)
  if (answer === 'late')
    return fail(
      `the store did not answer within ${ASK_MS / 1000} s`,
      'look whether it runs and is not overloaded; a server that was put to sleep answers the second time',
    )
  if (answer instanceof Error) return notTried('the store', answer, user)
  if (answer.kind === 'error') return fail(`${answer.message} (${answer.code})`, answer.fix)
  if (answer.kind !== 'store') return skipped('the store could not be looked at')
  const { version, schema, known } = answer
  const step = schema < known ? `, which capture brings to ${known}` : ''
  return ok(`ClickHouse ${version} with schema ${schema}${step}`)
}

/** What root leaves in the folder of another user, that user's capture could not use. */
function ownerOf(data: string | null): Account | null {
  if (data === null) return null
  const { uid, gid } = statSync(data)
  return { uid, gid }
}

function handOver(path: string, isThere: boolean, refused: string, user: string): string {
  if (refused !== 'EACCES' && refused !== 'EPERM') return ''
  return `${isThere ? `sudo chown -R ${user} ${path}` : `sudo install -d -m 700 -o ${user} ${path}`}, or `
}

const notTried = (what: string, error: Error, user: string | null): Finding =>
  warn(
    `${what} could not be looked at as ${user ?? 'this user'}: ${error.message}`,
    `see that ${user ?? 'this user'} may run Node and read the folder that intransit is in`,
  )
