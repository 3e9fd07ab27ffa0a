import { open } from 'node:fs/promises'
import { type ReceiverKind, TAKEN } from '../receiver.ts'

/** One JSON object a line, an event each; on disk when it is taken. */
export const file: ReceiverKind = {
  kind: 'file',
  needs: [['path']],
  async send({ id, events }, { path = '' }) {
    try {
      const handle = await open(path, 'a', 0o600)
      try {
        await handle.appendFile(events.map((event) => `${JSON.stringify({ id, ...event })}\n`).join(''))
        await handle.sync()
      } finally {
        await handle.close()
      }
      return TAKEN
    } catch (error) {
      return { kind: 'later', why: `${path}: ${(error as NodeJS.ErrnoException).code}` }
    }
  },
}
