import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'

/** They take the processors away, as others would: nothing else is tried meanwhile. */
const ALONE = ['test/safety/overloaded.test.ts', 'test/sandbox/no-device-is-blamed.test.ts']

/** They ask functions and leave nothing behind: one process for many of them, as starting it costs more than most of them do. */
const PURE = ['core', 'devices', 'hooks', 'lang', 'ledger', 'pattern'].map((folder) => `test/${folder}/**/*.test.ts`)

const waiting = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // A second, as it is by default, is not enough for a program to begin on a busy machine.
  expect: { poll: { timeout: 20_000 } },
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: { name: 'pure', include: PURE, isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 }, ...waiting },
      },
      {
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ALONE, ...PURE],
          // Most of them wait for servers and programs half of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          ...waiting,
        },
      },
      {
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 2 }, ...waiting },
      },
    ],
  },
})
