/** The real kernel: takes our programs, and judges frames as the interpreter does. Needs python3 for the system calls. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../../src/core/filter-expression.ts'
import { encodeProgram, type Instruction, MAX_INSTRUCTIONS, OP } from '../../../src/source/bpf/instruction.ts'
import { compileKernelFilter } from '../../../src/source/bpf/kernel-filter.ts'
import { anyFrames, ethernet, expressions, ipv4, plainFrames, tcp } from './frames.ts'
import { instructions } from './notation.ts'
import { runProgram } from './run.ts'
import { stripTag } from './verdicts.ts'

const SCRIPT = fileURLToPath(new URL('kernel.py', import.meta.url))
const succeeds = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const hasPython = process.platform === 'linux' && succeeds('python3', '-c', 'import ctypes, socket; socket.AF_PACKET')

fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_124) })
/** A network of our own, where we may open packet sockets whoever we are. */
const NAMESPACE = ['--user', '--map-root-user', '--net']
const hasVeth =
  hasPython && succeeds('unshare', ...NAMESPACE, 'ip', 'link', 'add', 'bpf0', 'type', 'veth', 'peer', 'bpf1')

interface Job {
  program: Instruction[]
  frames: Uint8Array[]
  via: 'unix' | 'veth'
}
type Answer = (number | null)[] | { refused: number }

function askKernel(jobs: readonly Job[]): Answer[] {
  const input = jobs
    .map(({ program, frames, via }) =>
      JSON.stringify({
        program: encodeProgram(program).toString('hex'),
        frames: frames.map((frame) => Buffer.from(frame).toString('hex')),
        via,
      }),
    )
    .join('\n')
  const veth = jobs.some(({ via }) => via === 'veth')
  const [command = '', ...args] = veth ? ['unshare', ...NAMESPACE, 'python3', SCRIPT, 'veth'] : ['python3', SCRIPT]
  const { stdout, stderr, status } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** What the interpreter says will be received. */
const received = (program: readonly Instruction[], bytes: Uint8Array, vlanTag = -1): number | null => {
  const kept = runProgram(program, { buf: bytes, at: 0, end: bytes.length, length: bytes.length, vlanTag })
  return kept === 0 ? null : Math.min(kept, bytes.length)
}

const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number): T[] => fc.sample(arbitrary, count)

describe.skipIf(!hasPython)('the kernel (skipped without Linux and python3)', () => {
  it('takes every program that the compiler makes, and judges and cuts frames as the interpreter does', () => {
    const frames = sample(fc.oneof(anyFrames, plainFrames), 4500)
    const jobs = sample(fc.tuple(expressions, fc.constantFrom(null, 5, 16, 1000)), 150).map(
      ([expression, kept], n): Job => {
        const program = compileKernelFilter(parseFilter(expression), kept)
        return { program, frames: frames.slice(n * 30, n * 30 + 30), via: 'unix' }
      },
    )
    jobs.push({ program: compileKernelFilter(null, 16), frames: sample(plainFrames, 100), via: 'unix' })
    const answers = askKernel(jobs)
    const want = jobs.map(({ program, frames }) => frames.map((bytes) => received(program, bytes)))
    expect(answers).toEqual(want)
    const all = answers.flat()
    expect(all.filter((one) => one === null).length).toBeGreaterThan(200)
    expect(all.filter((one) => one !== null).length).toBeGreaterThan(200)
  })

  it('agrees with the interpreter about any program that it takes', () => {
    const frames = sample(plainFrames, 10)
    const jobs = sample(fc.array(instructions, { minLength: 1, maxLength: 8 }), 3000).map((body): Job => {
      // The scratch memory is written before it is read, as the kernel demands, and all jumps end in the program.
      const stores = Array.from({ length: 16 }, (_, k) => ({ code: OP.ST, jt: 0, jf: 0, k }))
      const ends = Array.from({ length: 16 }, () => ({ code: OP.RET_A, jt: 0, jf: 0, k: 0 }))
      return { program: [...stores, ...body, ...ends], frames, via: 'unix' }
    })
    const answers = askKernel(jobs)
    const taken = jobs.flatMap((job, n) => (Array.isArray(answers[n]) ? [{ job, answer: answers[n] }] : []))
    expect(taken.length).toBeGreaterThan(300)
    for (const { job, answer } of taken) expect(answer).toEqual(frames.map((bytes) => received(job.program, bytes)))
  })

  it('takes a program of the greatest length, and refuses one more', () => {
    const ends = (length: number): Instruction[] =>
      Array.from({ length }, () => ({ code: OP.RET_K, jt: 0, jf: 0, k: 1 }))
    const jobs = [MAX_INSTRUCTIONS, MAX_INSTRUCTIONS + 1].map(
      (n): Job => ({ program: ends(n), frames: [], via: 'unix' }),
    )
    expect(askKernel(jobs)).toEqual([[], { refused: 22 }])
  })
})

describe.skipIf(!hasVeth)('a packet socket (skipped where unshare and ip make no network of our own)', () => {
  it('tells the filter of the VLAN tag that the kernel took out', () => {
    const body = ipv4(6, tcp(1, 443, Buffer.from(`1703030100${'aa'.repeat(256)}`, 'hex')))
    const tags = [
      [],
      [[0x8100, 5]],
      [[0x8100, 6]],
      [[0x88a8, 5]],
      [[0x8100, 0x6005]],
      [
        [0x88a8, 5],
        [0x8100, 6],
      ],
      [
        [0x8100, 6],
        [0x8100, 5],
      ],
    ] as const
    const frames = tags.map((tag) => ethernet(0x0800, body, tag))
    const jobs = ['vlan', 'vlan 5', 'not vlan 5', 'vlan 5 and port 443', 'tcp'].map((expression): Job => {
      return { program: compileKernelFilter(parseFilter(expression), 16), frames, via: 'veth' }
    })
    const want = jobs.map(({ program }) =>
      frames.map((frame) => {
        const { bytes, vlanTag } = stripTag(frame)
        return received(program, bytes, vlanTag)
      }),
    )
    expect(askKernel(jobs)).toEqual(want)
    expect(want[1]?.map((kept) => kept !== null)).toEqual([false, true, false, true, true, true, false])
  })
})
