/** Asks a process of its own, as another user if need be; it is ended when it has not answered in time. */
import { fork } from 'node:child_process'
import type { Account } from '../privileges.ts'
import type { Answer, Question } from './probe.ts'

/** Compiled, it lies beside this file; under a TypeScript runner it has this file's own extension. */
const PROBE = new URL(`./probe${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** The answer; `late` when none came in time, or a text when the process failed. */
export async function ask(question: Question, as: Account | null, boundMs: number): Promise<Answer | 'late' | Error> {
  const mayBecome = as !== null && process.getuid?.() === 0
  // What the engine says on its own is not for the operator.
  const child = fork(PROBE, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], ...(mayBecome ? as : {}) })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Answer | 'late' | Error>((resolve) => {
      timer = setTimeout(() => resolve('late'), boundMs)
      child.once('message', (answer) => resolve(answer as Answer))
      child.once('error', resolve)
      child.once('exit', (status, signal) =>
        resolve(new Error(`the process that looks ended with ${status ?? signal}`)),
      )
      if (child.connected) child.send(question, (error) => error !== null && resolve(error))
    })
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    if (child.connected) child.disconnect()
    child.unref()
  }
}
