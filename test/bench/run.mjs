import { build } from 'vite'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { execFileSync } from 'node:child_process'

/** `npm run bench`: prints every budget of the design with its figure. Timing never fails a test. */
const root = resolve(import.meta.dirname, '../..')
mkdirSync(join(root, 'out'), { recursive: true })
const dir = mkdtempSync(join(root, 'out/bench-'))
try {
  await build({
    configFile: false, root, logLevel: 'error', publicDir: false,
    build: { ssr: true, target: 'node20.19', outDir: dir, minify: false, rolldownOptions: { input: { bench: join(root, 'test/bench/bench.ts') }, output: { entryFileNames: '[name].mjs', keepNames: true } } },
  })
  const bench = (...args) => [process.execPath, [join(dir, 'bench.mjs'), ...args]]
  const all = execFileSync(...bench(), { encoding: 'utf8' }).trim().split(' ')
  const wanted = process.argv.slice(2)
  // Each in a process of its own: what one part has taught the compiler would slow the next one down.
  for (const part of wanted.length > 0 ? wanted : all)
    execFileSync(...bench(part), { stdio: 'inherit' })
} finally {
  rmSync(dir, { recursive: true, force: true })
}
