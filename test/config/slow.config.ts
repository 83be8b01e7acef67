import { defineConfig } from 'vitest/config'
import { resolve } from 'node:path'

/** What takes many minutes: `npm run test:slow`. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '../..'),
    include: ['test/slow/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 1_800_000,
  },
})
