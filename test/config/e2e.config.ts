import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** What needs a real browser. One file at a time: each starts a browser of its own. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '../..'),
    include: ['test/e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
