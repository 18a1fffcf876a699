import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Real servers on a shared machine: what fails there is tried once more, and shows as retried in the report.
    retry: process.env['CI'] ? 1 : 0,
  },
})
