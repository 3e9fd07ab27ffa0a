import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** They watch interfaces for frames that must not be lost, and time what comes of them: beside others they would measure those. */
const ALONE = 'test/live/**/*.test.ts'

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [ALONE],
          // Half of them wait for services, so that one for each core of a small machine is not too many.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: [ALONE], maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
})
