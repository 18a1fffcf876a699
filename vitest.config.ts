import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'

/** They take the processors away, as others would: nothing else is tried meanwhile. */
const ALONE = ['test/safety/overloaded.test.ts', 'test/sandbox/no-device-is-blamed.test.ts']

/** They ask functions and leave nothing behind: one process for many of them, as starting it costs more than most of them do. */
const PURE = ['core', 'devices', 'hooks', 'lang', 'ledger', 'pattern'].map((folder) => `test/${folder}/**/*.test.ts`)

/** Long files whose turn it is not, as scripts/run-tests.mjs says. */
const LEFT_OUT = process.env['TILL_TESTS_LEFT_OUT']?.split(':') ?? []
const exclude = [...configDefaults.exclude, ...LEFT_OUT]

const waiting = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // A second, as it is by default, is not enough for a program to begin on a busy machine.
  expect: { poll: { timeout: 20_000 } },
}

export default defineConfig({
  test: {
    // Asked for by `npm run coverage` alone.
    coverage: {
      // V8's, with what children have run.
      provider: 'custom',
      customProviderModule: './scripts/coverage-provider.mjs',
      include: ['src/core/**', 'src/engine/**', 'src/lang/**', 'src/stores/**'],
      reporter: ['text-summary', 'json'],
      reportOnFailure: true,
      // Floors, in percent: to be raised as tests are written. 95 is what both are meant to have.
      thresholds: { 'src/core/**': { branches: 95 }, 'src/engine/**': { branches: 82 } },
    },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: { name: 'pure', include: PURE, exclude, isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 }, ...waiting },
      },
      {
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...exclude, ...ALONE, ...PURE],
          // Most of them wait for servers and programs half of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          ...waiting,
        },
      },
      {
        test: { name: 'alone', include: ALONE, exclude, maxWorkers: 1, sequence: { groupOrder: 2 }, ...waiting },
      },
    ],
  },
})
