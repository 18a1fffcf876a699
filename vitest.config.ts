import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A second, as it is by default, is not enough for a program to begin on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    // Most of them wait for servers and programs half of the time.
    maxWorkers: 3,
  },
})
