import { readFileSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'

/**
 * Becomes `user` with its primary group and no other, for good: what needed root is open by now. An interface that goes
 * away and comes back cannot be opened again then, unless that user may.
 * @throws OperatorError ERR_USAGE
 */
export function dropPrivileges(user: string): string {
  const { setgroups, setgid, setuid } = process
  if (process.getuid?.() !== 0 || setgroups === undefined || setgid === undefined || setuid === undefined) {
    throw new OperatorError('ERR_USAGE', '--user needs root to begin with', 'start as root, or leave it out')
  }
  const account = existingAccount(user)
  setgroups([])
  setgid(account.gid)
  setuid(account.uid)
  return `runs as ${user} from here on`
}

/** @throws OperatorError ERR_USAGE */
export function existingAccount(user: string): Account {
  const account = accountOf(user)
  if (account !== null) return account
  throw new OperatorError('ERR_USAGE', `there is no user ${user} in /etc/passwd`, 'name a user of this host')
}

export interface Account {
  uid: number
  gid: number
}

/** passwd(5): name, password, uid, gid, … Null when there is no such user. */
export function accountOf(user: string): Account | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name === user || uid === user) return { uid: Number(uid), gid: Number(gid) }
  }
  return null
}
