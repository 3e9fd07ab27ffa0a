import { writeFileSync } from 'node:fs'
import type { Lab } from './lab.ts'
import { sh } from './process.ts'
import type { Row } from './row.ts'
import { requireCommand } from './tools.ts'

export interface NetworkRow extends Omit<Row, 'record'> {
  /** The two hosts are wired, and the tap is on. */
  readonly talk: (lab: Lab) => Promise<void>
}

export const row = ({ talk, ...rest }: NetworkRow): Row => ({
  ...rest,
  record: async (lab) => {
    lab.wire('cable')
    // What the hosts say to join groups is nobody's conversation.
    await lab.capture({ filter: '(ip or ip6) and not icmp6 and not ip6 proto 0 and not igmp' })
    await talk(lab)
  },
})

/** Writes a file of a peer's and returns its path. */
export function file(lab: Lab, name: string, text: string): string {
  sh(`chmod 755 "$(dirname ${lab.temp})" ${lab.temp}`)
  writeFileSync(`${lab.temp}/${name}`, text)
  return `${lab.temp}/${name}`
}

/** For servers that do not say when they listen. */
export function serveQuietly(lab: Lab, command: string, seconds = 1, at: 'client' | 'server' = 'server') {
  requireCommand(command.split(' ')[0] ?? '')
  return lab.serve(['sh', '-c', `${command} & sleep ${seconds}; echo listening; wait`], /listening/, { at })
}
