import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { spawn, type ChildProcess } from 'node:child_process'
import { chromium, type Browser, type Page } from 'playwright-core'
import { findBrowser } from '../../src-main/serve/browser'

export const root = resolve(import.meta.dirname, '../..')
export const screenshots = join(root, 'test/output/screenshots')

export interface LaunchedApp {
  page: Page
  browser: Browser
  url: string
  /** Errors of the page and of its console, a strict CSP's refusals included. */
  problems: string[]
  /** What the person picks when the app asks for a file. */
  picks: string
  close(): Promise<void>
}

export interface LaunchOptions {
  width?: number
  height?: number
  colorScheme?: 'dark' | 'light'
  lab?: string
}

/** Starts the local server and the app in a real browser. */
export async function launchApp(options: LaunchOptions = {}): Promise<LaunchedApp> {
  mkdirSync(screenshots, { recursive: true })
  const server = spawn(process.execPath, [join(root, 'src-main/cli/klab.mjs'), 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstLine(server)
  const browser = await chromium.launch({ executablePath: findBrowser() ?? undefined })
  const page = await browser.newPage({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.colorScheme ?? 'dark',
  })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  const app: LaunchedApp = {
    page,
    browser,
    url,
    problems,
    picks: '',
    close: async () => {
      await browser.close()
      server.kill()
    },
  }
  // From the start: the browser must know early that it shall not ask by itself.
  page.on('filechooser', (chooser) => void chooser.setFiles(app.picks))
  await page.addInitScript(() => {
    Reflect.deleteProperty(window, 'showOpenFilePicker')
    Reflect.deleteProperty(window, 'showSaveFilePicker')
  })
  await page.goto(options.lab ? `${url}&lab=${options.lab}` : url)
  return app
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let text = ''
    child.stdout!.on('data', (data: Buffer) => {
      text += data.toString()
      const end = text.indexOf('\n')
      if (end >= 0) done(text.slice(0, end).trim())
    })
    child.once('exit', (code) => failed(new Error(`klab serve ended with ${code}: ${text}`)))
  })
}
