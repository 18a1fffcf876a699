import { configDefaults, defineConfig } from 'vitest/config'

/** They take the processors away, as others would: nothing else is tried meanwhile. */
const ALONE = ['test/safety/overloaded.test.ts', 'test/sandbox/no-device-is-blamed.test.ts']

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
      provider: 'v8',
      include: ['src/core/**', 'src/engine/**', 'src/lang/**', 'src/stores/**'],
      reporter: ['text-summary', 'json'],
      reportOnFailure: true,
      // Floors, in percent: to be raised as tests are written. 95 is what both are meant to have.
      thresholds: { 'src/core/**': { branches: 45 }, 'src/engine/**': { branches: 65 } },
    },
    projects: [
      {
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ALONE],
          // Most of them wait for servers and programs half of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
          ...waiting,
        },
      },
      {
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 }, ...waiting },
      },
    ],
  },
})
