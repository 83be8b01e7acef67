import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildAll } from '../build/build.mjs'
import { root } from '../build/ensure.mjs'
import { findElectron } from './find-electron.mjs'

/** `npm start`: the desktop app where Electron is there, the same app in a browser elsewhere. */
await buildAll()
const electron = findElectron()
if (electron) {
  // Chromium refuses its sandbox to the superuser of Linux.
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const child = spawn(electron, [...asRoot, root, ...process.argv.slice(2)], { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code ?? 0))
} else {
  console.log('Electron is not installed (npx install-electron gets it): opening the lab in a browser.')
  const { main } = await import(pathToFileURL(join(root, 'out/main/cli.js')).href)
  process.exit(await main(['open', ...process.argv.slice(2)]))
}
