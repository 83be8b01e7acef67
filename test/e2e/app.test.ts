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
})
