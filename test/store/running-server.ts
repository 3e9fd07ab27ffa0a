/** Starts and ends the test server, as a process of its own: the engine allows one folder a process. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Order, ServerOptions } from './chdb-http-server.ts'

export interface RunningServer {
  port: number
  /** Resolves when the server knows. */
  order(order: Order): Promise<void>
  stop(): Promise<void>
  /** By SIGKILL, whatever it is doing. */
  kill(): Promise<void>
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const child = fork(fileURLToPath(new URL('./chdb-http-server.ts', import.meta.url)), [JSON.stringify(options)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const answer = (): Promise<unknown> =>
    Promise.race([
      once(child, 'message').then(([message]) => message),
      ended.then(([status]) => Promise.reject(new Error(`the server ended with status ${status}`))),
    ])
  return {
    port: (await answer()) as number,
    order: async (order) => {
      const heard = answer()
      child.send(order)
      await heard
    },
    stop: async () => {
      if (child.connected) child.disconnect()
      await ended
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
