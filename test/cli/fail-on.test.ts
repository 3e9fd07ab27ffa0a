import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAPTURES, intransit } from './run.ts'

const STRONG = join(CAPTURES, 'tls13-openssl-x25519.pcap')
const PLAIN = join(CAPTURES, 'http-bearer.pcap')
const CUT = join(CAPTURES, 'tls12-file-cut-off.pcap')
const RULE = 'sec09-recommended/cleartext'

const replay = (files: string[], ...args: string[]) => intransit(['replay', '--no-store', ...args, ...files])

describe('--fail-on', () => {
  it.each([
    { name: 'nothing that it names', files: [STRONG], on: ['plaintext', 'critical', 'coverage<99', RULE], status: 0 },
    { name: 'a verdict', files: [STRONG, PLAIN], on: ['plaintext'], status: 9 },
    { name: 'a rule', files: [PLAIN], on: [RULE], status: 9 },
    { name: 'a severity', files: [PLAIN], on: ['critical'], status: 9 },
    { name: 'a share of what is covered', files: [PLAIN], on: ['coverage<99'], status: 9 },
    { name: 'a file that is damaged, which weighs more', files: [CUT], on: ['coverage<100', 'strong'], status: 4 },
    { name: 'a mistake', files: [PLAIN], on: ['plaintxt'], status: 2 },
  ])('ends with $status at $name', ({ files, on, status }) => {
    const ran = replay(files, '--format', 'jsonl', ...on.flatMap((condition) => ['--fail-on', condition]))
    expect(ran.status).toBe(status)
    const why = ran.stderr.match(/^ERR_FAILED_ON: --fail-on '.+': .+\.$/gm) ?? []
    expect(why.length > 0).toBe(status === 9 || status === 4)
  })

  it('judges what was read alone, whatever the store holds, and leaves the report as it is', () => {
    const plain = replay([PLAIN], '--format', 'table')
    const failed = replay([PLAIN], '--format', 'table', '--fail-on', 'plaintext')
    expect(failed.stdout).toBe(plain.stdout)
    expect(failed.status).toBe(9)
  })

  it('finds the same with several workers', () => {
    const alone = replay([PLAIN, STRONG], '--format', 'junit', '--fail-on', 'coverage<99')
    const shared = replay([PLAIN, STRONG], '--format', 'junit', '--fail-on', 'coverage<99', '--workers', '2')
    expect(shared.status).toBe(9)
    expect(shared.stderr).toBe(alone.stderr)
  })
})
