import { expect, it } from 'vitest'
import { RepeatedJob } from '../../src/cli/repeated-job.ts'
import { OperatorError } from '../../src/core/errors.ts'

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

it('comes back until it is stopped', async () => {
  let runs = 0
  const job = new RepeatedJob(
    async () => ++runs,
    5,
    () => undefined,
  )
  await until(() => runs >= 3)
  await job.stop()
  const stopped = runs
  await new Promise((resolve) => setTimeout(resolve, 40))
  expect(runs).toBe(stopped)
})

it('comes back after a failure, which is told once', async () => {
  let runs = 0
  const said: string[] = []
  const work = async () => {
    runs++
    throw new OperatorError('ERR_STORE_WRITE', 'the store is away', 'wait')
  }
  const job = new RepeatedJob(work, 5, (line) => said.push(line))
  await until(() => runs >= 3)
  await job.stop()
  expect(said).toEqual(['ERR_STORE_WRITE: the store is away. Fix: wait.'])
})
