import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium, type CDPSession, type Page } from 'playwright-core'
import { findBrowser } from '../../src-main/serve/browser'
import { encodeTrace } from '../../src-sim/trace'
import type { Figure } from './trace'
import { busyTrace } from './trace'

const FRAMES = 120

/** What the person at the screen waits for. Needs a browser; without one there are no figures. */
export async function appFigures(): Promise<Figure[]> {
  const executablePath = findBrowser()
  if (executablePath === null) {
    console.log('The app was not measured: no Chromium, Chrome or Edge is installed.')
    return []
  }
  const server = spawn(process.execPath, [resolve('src-main/cli/klab.mjs'), 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const browser = await chromium.launch({ executablePath })
  try {
    const url = await firstLine(server)
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    return [...(await starting(page, url)), ...(await panning(page))]
  } finally {
    await browser.close()
    server.kill()
  }
}

async function starting(page: Page, url: string): Promise<Figure[]> {
  await page.goto(url)
  await page.locator('.monaco-editor .view-line').first().waitFor()
  const [painted, usable] = await page.evaluate(() => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0]
    return [paint?.startTime ?? NaN, performance.now()] as const
  })
  return [
    { name: 'first paint of the app, cold', figure: painted, unit: 'ms', budget: 1000 },
    { name: 'editor usable, cold', figure: usable, unit: 'ms', budget: 3000 },
  ]
}

/** Opens a trace of a million events and zooms and pans over it, one turn of the wheel a frame. */
async function panning(page: Page): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'klab-bench-'))
  try {
    const file = join(folder, 'busy.trace')
    writeFileSync(file, Buffer.concat([...encodeTrace(busyTrace(1_000_000).store, '')]))
    await page.getByTestId('state').filter({ hasText: 'ready' }).waitFor()
    await page.evaluate(() => Reflect.deleteProperty(window, 'showOpenFilePicker'))
    page.once('filechooser', (chooser) => void chooser.setFiles(file))
    await page.keyboard.press('Control+Shift+B')
    await page.getByText('1000000 events').first().waitFor({ timeout: 60_000 })
    await page.getByTestId('timeline-canvas').waitFor()
    await page.waitForTimeout(2000)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const before = await scriptMs(cdp)
    const frames = await wheel(page)
    const script = (await scriptMs(cdp)) - before
    const late = frames.sort((a, b) => a - b)[Math.floor(frames.length * 0.95)]!
    const name = 'timeline, 1 million events, zoom and pan'
    return [
      { name: `${name}: script a frame`, figure: script / FRAMES, unit: 'ms', budget: 8 },
      { name: `${name}: 95th percentile frame`, figure: late, unit: 'ms', budget: 16.7 },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function scriptMs(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return 1000 * metrics.find((m) => m.name === 'ScriptDuration')!.value
}

function wheel(page: Page): Promise<number[]> {
  return page.evaluate(async (count) => {
    const target = document.querySelector('[data-testid=timeline-canvas]')!
    const box = target.getBoundingClientRect()
    const [clientX, clientY] = [box.left + box.width / 2, box.top + 40]
    const frames: number[] = []
    let last = performance.now()
    for (let i = 0; i < count; i++) {
      const zoom = i % 4 < 2
      const turn = { clientX, clientY, deltaY: i < count / 2 ? -60 : 60, deltaX: zoom ? 0 : 30 }
      target.dispatchEvent(
        new WheelEvent('wheel', { ...turn, ctrlKey: zoom, bubbles: true, cancelable: true }),
      )
      await new Promise(requestAnimationFrame)
      const now = performance.now()
      frames.push(now - last)
      last = now
    }
    return frames
  }, FRAMES)
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    let text = ''
    child.stdout!.on('data', (data: Buffer) => {
      text += data.toString()
      const end = text.indexOf('\n')
      if (end >= 0) done(text.slice(0, end).trim())
    })
  })
}
