import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/**
 * `npm test`: types, lint, unit tests, the build, and the app in a real browser; the last line counts
 * them all. Installs a browser where the system's package manager can, and says so where not.
 */
const root = resolve(import.meta.dirname, '../..')
const output = join(root, 'test/output')
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : null
const total = { passed: 0, failed: 0, skipped: 0 }

mkdirSync(output, { recursive: true })
if (!only || only === 'types') step('types', [process.execPath, 'src-main/build/typecheck.mjs'])
if (!only || only === 'lint')
  step('lint', [process.execPath, 'node_modules/eslint/bin/eslint.js', '--config', 'test/config/eslint.config.mjs', 'src-main', 'src-renderer', 'src-sim', 'test'])
if (!only || only === 'unit') suite('unit', 'test/config/vitest.config.ts')
if (!only || only === 'e2e') {
  step('build', [process.execPath, 'src-main/build/build.mjs'])
  if (browserReady()) suite('e2e', 'test/config/e2e.config.ts')
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exit(total.failed > 0 ? 1 : 0)

function run(command, env = {}) {
  const { status } = spawnSync(command[0], command.slice(1), { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  return status === 0
}

/** Something that is right or wrong as a whole counts as one test. */
function step(name, command) {
  console.log(`\n== ${name}`)
  if (run(command)) total.passed++
  else total.failed++
}

function suite(name, config) {
  console.log(`\n== ${name}`)
  const report = join(output, `${name}.json`)
  rmSync(report, { force: true })
  const ok = run([
    process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--config', config,
    '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`,
  ])
  if (!existsSync(report)) {
    total.failed++
    return
  }
  const counts = JSON.parse(readFileSync(report, 'utf8'))
  total.passed += counts.numPassedTests
  total.failed += counts.numFailedTests
  total.skipped += counts.numPendingTests
  if (!ok && counts.numFailedTests === 0) total.failed++
}

function browserReady() {
  if (hasBrowser()) return true
  const apt = onPath('apt-get')
  if (apt && process.getuid?.() === 0) {
    console.log('No Chromium, Chrome or Edge found: installing Debian\'s chromium.')
    run([apt, 'update', '-qq'])
    run([apt, 'install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], { DEBIAN_FRONTEND: 'noninteractive' })
    if (hasBrowser()) return true
  }
  console.log('The tests of the app need a browser: install Chromium, Chrome or Edge (Debian: apt-get install chromium).')
  total.failed++
  return false
}

function hasBrowser() {
  return ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'].some(onPath)
}

function onPath(name) {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(dir, name)
    if (existsSync(path)) return path
  }
  return null
}
