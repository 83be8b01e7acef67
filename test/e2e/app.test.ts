import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { launchApp, root, screenshots, type LaunchedApp } from './launch'
import { story } from './story'

let app: LaunchedApp

beforeAll(async () => {
  app = await launchApp()
})
afterAll(async () => app?.close())

/** The trace hash of a plain run on the command line. */
function hashOnCommandLine(lab: string): string {
  const klab = join(root, 'src-main/cli/klab.mjs')
  try {
    return JSON.parse(execFileSync(process.execPath, [klab, 'run', lab, '--json'], { encoding: 'utf8' })).traceHash
  } catch (error) {
    return JSON.parse((error as { stdout: string }).stdout).traceHash
  }
}

describe('the app in a browser', () => {
  it('opens on a lab, without errors, under a strict content security policy', async () => {
    await app.page.getByTestId('run').waitFor()
    await app.page.screenshot({ path: join(screenshots, 'start.png') })
    expect(app.problems).toEqual([])
  })

  it('runs the lab to the same trace hash as the command line', async () => {
    const { page } = app
    await page.getByTestId('run').click()
    await page.waitForFunction(() => /ended/.test(document.body.textContent ?? ''))
    const hash = hashOnCommandLine('bug-01-broken')
    await page.waitForFunction((h) => document.body.textContent?.includes(h), hash.slice(0, 12))
    await page.screenshot({ path: join(screenshots, 'ran.png') })
  })

  it('tells the story of a first session', async () => {
    const fresh = await launchApp({ width: 1920, height: 1080 })
    try {
      await story(fresh.page)
      await fresh.page.screenshot({ path: join(screenshots, 'story-end.png') })
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })

  it('shows a bundle from every side without running it, and then replays it', async () => {
    const bundle = join(screenshots, '../bug-01.klab')
    const klab = join(root, 'src-main/cli/klab.mjs')
    execFileSync(process.execPath, [klab, 'bundle', 'bug-01-broken', '-o', bundle])
    const fresh = await launchApp()
    try {
      const { page } = fresh
      await page.getByTestId('state').filter({ hasText: 'ready' }).waitFor()
      fresh.picks = bundle
      await page.keyboard.press('Control+Shift+B')
      await page.getByTestId('bundle-bar').waitFor()
      await page.getByText('A recorded run: nothing of it is executed.').waitFor()
      await page.keyboard.press('F8')
      const inspector = page.getByText('in freed memory').first()
      await inspector.waitFor()
      await page.getByText('kasan.use-after-free').first().waitFor()
      await page.screenshot({ path: join(screenshots, 'bundle.png') })
      const hidden = page.locator('.dv-render-overlay', { has: page.locator('.vue-flow') })
      const clip = await hidden.evaluate((e) => getComputedStyle(e).clipPath)
      expect(clip, 'the topology behind another tab does not shine through').toBe('inset(100%)')
      await page.getByTestId('trust').click()
      await page.getByText('the trace is identical to the bundle').waitFor()
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })

  it('makes each call fail that can, and opens one of these runs', async () => {
    const fresh = await launchApp({ lab: 'bug-07-fixed' })
    try {
      const { page } = fresh
      await page.getByTestId('state').filter({ hasText: 'ready' }).waitFor()
      await page.keyboard.press('Control+Shift+F9')
      const verdict = page.getByTestId('failures-verdict')
      await verdict.waitFor()
      expect(await verdict.textContent()).toContain('The driver survives every one of them.')
      const row = page.getByTestId('failure').filter({ hasText: 'request_irq' })
      await row.getByTestId('open-failure').click()
      await page.getByTestId('state').filter({ hasText: 'ended' }).waitFor()
      await page.getByText(/probe with driver ucsi_ccg failed with error -12/).first().waitFor()
      await page.screenshot({ path: join(screenshots, 'failed-call.png') })
      await page.getByTestId('status-fail').click()
      await page.getByTestId('status-fail').waitFor({ state: 'detached' })
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })

  it('compares models of lifetime, and opens the schedule behind a verdict', async () => {
    const fresh = await launchApp({ lab: 'compare-devm' })
    try {
      const { page } = fresh
      await page.getByTestId('state').filter({ hasText: 'ready' }).waitFor()
      await page.keyboard.press('Control+Alt+C')
      await page.getByTestId('compare-schedules').fill('2')
      const models = page.getByTestId('compare').getByRole('checkbox')
      for (let i = (await models.count()) - 1; i > 1; i--) await models.nth(i).uncheck()
      await page.getByTestId('compare-start').click()
      await page.getByTestId('compare-costs').waitFor({ timeout: 90_000 })
      const broken = page.getByTestId('compare-cell').filter({ hasText: 'broken' }).first()
      await broken.click()
      await page.screenshot({ path: join(screenshots, 'compare.png') })
      const said = await page.getByTestId('compare-details').textContent()
      await page.getByTestId('compare-open').click()
      await page.getByTestId('finding-details').waitFor()
      const [, kind] = /([\w-]+\.[\w-]+) at /.exec(said!)!
      await page.locator('[data-panel=findings]').getByText(kind!).first().waitFor()
      expect(await page.getByTestId('param-disturbance').inputValue()).not.toBe('none')
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })

  it('shows at any moment who keeps a module from being unloaded, and where that began', async () => {
    const fresh = await launchApp({ lab: 'compare-fencing' })
    try {
      const { page } = fresh
      const steps = async (to: number): Promise<void> => {
        await page.getByTestId('step-input').fill(String(to))
        await page.keyboard.press('Enter')
        await page.getByTestId('status-step').filter({ hasText: `step ${to}/` }).waitFor()
      }
      await page.getByTestId('param-disturbance').selectOption('rmmod-open')
      await page.keyboard.press('F5')
      await page.getByTestId('state').filter({ hasText: 'ended' }).waitFor()
      await page.getByTestId('inspector-holders').click()
      const end = Number(await page.getByTestId('step-input').inputValue())
      const busy = page.getByTestId('module-busy').filter({ hasText: 'in use' })
      let step = 10
      for (; step < end && !(await busy.isVisible()); step += 10) await steps(step)
      await busy.waitFor()
      const module = page.getByTestId('holders-modules').first()
      expect(await module.textContent()).toMatch(/refcnt [1-9].*in use.*operations of an open file/s)
      await page.screenshot({ path: join(screenshots, 'holders.png') })
      await module.getByTestId('hold').first().locator('.hold-place').click()
      await page.waitForFunction(
        (last) => Number(document.querySelector<HTMLInputElement>('#step-input')!.value) < last,
        step,
      )
      await module.getByText('operations of an open file').waitFor()
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })

  it('follows a lesson: a link runs its lab, goes to the moment, and the page stays in sight', async () => {
    const fresh = await launchApp()
    try {
      const { page } = fresh
      await page.getByTestId('state').filter({ hasText: 'ready' }).waitFor()
      await page.getByRole('tab', { name: 'Help' }).or(page.getByText('Help', { exact: true })).first().click()
      await page.getByTestId('help-page').selectOption('lesson-removal')
      await page.getByRole('link', { name: 'Run the driver' }).nth(1).click()
      await page.getByTestId('lab-picker').filter({ hasText: 'cancel_work_sync' }).waitFor()
      await page.getByTestId('state').filter({ hasText: 'ended' }).waitFor()
      await page.locator('[data-panel=inspector]').getByText('spi_host #').first().waitFor()
      await page.getByRole('heading', { name: '2. The source first, then what it feeds' }).waitFor()
      await page.screenshot({ path: join(screenshots, 'lesson.png') })
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })

  it('sends bookmarks along in a bundle', async () => {
    const fresh = await launchApp()
    try {
      const { page } = fresh
      const bookmarks = page.getByTestId('bookmark-count')
      await page.getByTestId('state').filter({ hasText: 'ready' }).waitFor()
      await page.keyboard.press('F5')
      await page.getByTestId('state').filter({ hasText: 'ended' }).waitFor()
      await page.getByTestId('step-input').fill('40')
      await page.keyboard.press('Enter')
      await page.getByTestId('status-step').filter({ hasText: 'step 40/' }).waitFor()
      await page.keyboard.press('Alt+2')
      await page.keyboard.press('m')
      await bookmarks.filter({ hasText: '1' }).waitFor()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.keyboard.press('Control+e'),
      ])
      const bundle = join(screenshots, '../marked.klab')
      await download.saveAs(bundle)
      await page.getByTestId('step-input').fill('20')
      await page.keyboard.press('Enter')
      await page.getByTestId('status-step').filter({ hasText: 'step 20/' }).waitFor()
      await page.keyboard.press('Alt+2')
      await page.keyboard.press('m')
      await bookmarks.filter({ hasText: '2' }).waitFor()
      fresh.picks = bundle
      await page.keyboard.press('Control+Shift+B')
      await page.getByTestId('bundle-bar').waitFor()
      await bookmarks.filter({ hasText: '1' }).waitFor()
      await page.getByTestId('status-step').filter({ hasText: 'step 40/' }).waitFor()
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })

  it.each(['light', 'dark'] as const)('shows all panels in %s colours', async (colorScheme) => {
    const fresh = await launchApp({ width: 1920, height: 1080, colorScheme })
    try {
      const { page } = fresh
      await page.locator('[data-testid=run]:enabled').waitFor()
      await page.keyboard.press('F5')
      await page.locator('[data-testid=finding-count]').first().waitFor()
      await page.locator('.monaco-editor .view-line').first().waitFor()
      await page.screenshot({ path: join(screenshots, `${colorScheme}.png`) })
      expect(await page.getByText('This panel stopped').count()).toBe(0)
      expect(fresh.problems).toEqual([])
    } finally {
      await fresh.close()
    }
  })
})
