import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'msedge']
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** A browser that can show an app window, or null. */
export function findBrowser(): string | null {
  const own = process.env['KLAB_BROWSER']
  if (own && existsSync(own)) return own
  for (const dir of (process.env['PATH'] ?? '').split(delimiter))
    for (const name of NAMES) if (existsSync(join(dir, name))) return join(dir, name)
  return PLACES.find((path) => existsSync(path)) ?? null
}

/** Shows the address in an app window and stays until it is closed; prints it where none can be. */
export async function openInBrowser(url: string): Promise<void> {
  const browser = findBrowser()
  const headless = process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']
  if (browser === null || headless) {
    console.log(`Open this address in a browser: ${url}`)
    await new Promise<never>(() => {})
  }
  const profile = mkdtempSync(join(tmpdir(), 'klab-'))
  const args = [`--app=${url}`, `--user-data-dir=${profile}`, '--no-first-run', '--no-default-browser-check', '--window-size=1440,900']
  if (process.getuid?.() === 0) args.push('--no-sandbox', '--test-type')
  const child = spawn(browser!, args, { stdio: 'ignore' })
  const end = (): void => {
    child.kill()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', end)
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  await new Promise<void>((done) => child.once('exit', () => done()))
  process.off('exit', end)
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
}
