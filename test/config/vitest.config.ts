import { defineConfig } from 'vitest/config'
import { resolve } from 'node:path'

/** Unit, property, conformance and tidy tests: everything that needs no browser. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '../..'),
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/slow/**'],
    pool: 'forks',
    // A test that hangs must end some day; a slow machine must not fail one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
