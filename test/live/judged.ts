/** Judges what a source yields until it is closed, as a replay of a file would. */
import { Agent } from '../../src/agent.ts'
import { compilePolicies, DEFAULT_POLICY, loadDefaultExemptions, loadPolicy } from '../../src/classify/index.ts'
import { LineBuffer } from '../../src/record/line-buffer.ts'
import type { Source } from '../../src/source/source.ts'

export type FlowRecord = Record<string, unknown>

export class Judging {
  readonly agent: Agent
  readonly #lines = new LineBuffer(64 * 1024)
  readonly #done: Promise<void>
  readonly #source: Source

  constructor(source: Source) {
    const pack = loadPolicy(DEFAULT_POLICY)
    this.#source = source
    this.agent = new Agent({
      judge: compilePolicies([pack], { exemptions: loadDefaultExemptions() }),
      sink: { lines: this.#lines },
      sensor: 'replay',
      policy: pack.id,
    })
    this.#done = this.#run()
  }

  /** Closes the source and ends all flows. */
  async records(): Promise<FlowRecord[]> {
    await this.#source.close()
    await this.#done
    this.agent.finish()
    const text = Buffer.from(this.#lines.bytes.subarray(0, this.#lines.end)).toString('latin1')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as FlowRecord)
  }

  async #run(): Promise<void> {
    for await (const batch of this.#source.batches()) this.agent.process(batch, this.#source.name)
  }
}
