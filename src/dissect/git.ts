import { standsAt } from '../wire/inner-text.ts'
import { CLIENT, type Probe } from './dissector.ts'
import { recognisedStream } from './recognised.ts'

const LENGTH_DIGITS = 4
const SERVICES = ['git-upload-pack /', 'git-receive-pack /', 'git-upload-archive /']

/** The git daemon: one pkt-line that asks for a service and a repository. */
export const git = recognisedStream({
  name: 'git',
  about: { title: 'Git daemon', source: 'gitprotocol-pack(5)', reads: null },
  ports: [9418],
  probe(buf, at, end): Probe {
    for (let i = at; i < Math.min(end, at + LENGTH_DIGITS); i++) if (!isHexDigit(buf[i] as number)) return 'no_match'
    const from = at + LENGTH_DIGITS
    if (end <= from) return 'unsure'
    const shown = end - from
    const service = SERVICES.find((one) => standsAt(buf, from, end, one.slice(0, shown)))
    if (service === undefined) return 'no_match'
    return shown < service.length ? 'unsure' : 'match'
  },
  opener: () => CLIENT,
})

const isHexDigit = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
