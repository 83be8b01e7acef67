import { build } from 'vite'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** `npm run bench`: prints every budget of the design with its figure. Timing never fails a test. */
const root = resolve(import.meta.dirname, '../..')
mkdirSync(join(root, 'out'), { recursive: true })
const dir = mkdtempSync(join(root, 'out/bench-'))
try {
  await build({
    configFile: false, root, logLevel: 'error', publicDir: false,
    build: { ssr: true, target: 'node20.19', outDir: dir, minify: false, rolldownOptions: { input: { bench: join(root, 'test/bench/bench.ts') }, output: { entryFileNames: '[name].mjs', keepNames: true } } },
  })
  await import(pathToFileURL(join(dir, 'bench.mjs')).href)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
