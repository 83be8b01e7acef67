import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Electron's binary, or null. Asked by path: requiring the package would start a download. */
export function findElectron() {
  let dir
  try {
    dir = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return null
  }
  const list = join(dir, 'path.txt')
  const name = existsSync(list)
    ? readFileSync(list, 'utf8')
    : process.platform === 'win32' ? 'electron.exe' : 'electron'
  const over = process.env.ELECTRON_OVERRIDE_DIST_PATH
  const binary = over ? join(over, name) : existsSync(list) ? join(dir, 'dist', name) : null
  return binary && existsSync(binary) ? binary : null
}
