import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

/**
 * What a person does in the first minutes, by keyboard and mouse, on whatever serves the window:
 * run the broken lab, see why it is wrong, go back in time, search schedules, replay one, look at
 * the twin, and find the work again after a reload. The page shows a fresh profile.
 */
export async function story(page: Page): Promise<void> {
  await opensOnABrokenDriver(page)
  await runsAndShowsTheFinding(page)
  await goesBackInTime(page)
  await exploresAndReplays(page)
  await opensTheTwin(page)
  await losesNothingOnReload(page)
}

const id = (name: string): string => `[data-testid="${name}"]`

async function text(page: Page, name: string): Promise<string> {
  return (await page.textContent(id(name)))?.trim() ?? ''
}

/** Waits until the text of an element satisfies a pattern, and answers it. */
async function until(page: Page, name: string, pattern: RegExp): Promise<string> {
  await page.waitForFunction(
    ([selector, source]) =>
      new RegExp(source!).test(document.querySelector(selector!)?.textContent ?? ''),
    [id(name), pattern.source],
  )
  return text(page, name)
}

export async function opensOnABrokenDriver(page: Page): Promise<void> {
  await page.waitForSelector(`${id('editor')} .view-line`)
  await page.waitForSelector(id('welcome'))
  await until(page, 'state', /ready/)
  for (const panel of ['editor', 'inspector', 'timeline']) {
    const box = await page.locator(id(`panel-${panel}`)).boundingBox()
    assert.ok(box && box.width > 100 && box.height > 100, `${panel} is visible at the start`)
  }
}

export async function runsAndShowsTheFinding(page: Page): Promise<void> {
  await page.keyboard.press('F5')
  await until(page, 'state', /ended/)
  assert.match(await text(page, 'finding-count'), /^[1-9]/)
  const hash = await page.getAttribute(id('trace-hash'), 'data-hash')
  assert.ok(hash, 'the run ends in a trace hash')
  await page.keyboard.press('F8')
  await page.waitForSelector(id('finding-details'))
  assert.match(await text(page, 'finding-report'), /BUG: /)
  await runsAgainTo(page, hash)
}

/** The hash grows with the run, and with the same seed it becomes what it was. */
async function runsAgainTo(page: Page, hash: string): Promise<void> {
  const trace = id('trace-hash')
  await page.evaluate((selector) => {
    const place = document.querySelector(selector)!
    new MutationObserver(() => place.setAttribute('data-changed', '')).observe(place, {
      attributeFilter: ['data-hash'],
    })
  }, trace)
  await page.keyboard.press('Control+Enter')
  await page.waitForSelector(`${trace}[data-changed]`)
  await until(page, 'state', /ended/)
  await page.waitForSelector(`${trace}[data-hash="${hash}"]`)
}

export async function goesBackInTime(page: Page): Promise<void> {
  const step = async (): Promise<number> => Number(await page.inputValue(id('step-input')))
  const end = await step()
  await page.keyboard.press('Alt+F10')
  await page.waitForFunction(
    ([selector, last]) =>
      Number(document.querySelector<HTMLInputElement>(selector as string)?.value) ===
      (last as number) - 1,
    [id('step-input'), end] as const,
  )
  await page.fill(id('step-input'), '1')
  await page.keyboard.press('Enter')
  await until(page, 'status-step', /step 1\//)
  await page.keyboard.press('F5')
  await until(page, 'status-step', new RegExp(`step ${end.toLocaleString('en')}/`))
}

export async function exploresAndReplays(page: Page): Promise<void> {
  await page.click(id('explore-show'))
  await page.fill(id('explore-schedules'), '200')
  await page.click(id('explore-start'))
  await page.waitForSelector(id('explore-results'))
  await page.click(`${id('replay-schedule')} >> nth=0`)
  await page.waitForSelector(id('finding-details'))
  assert.match(await text(page, 'status-seed'), /replay/)
}

export async function opensTheTwin(page: Page): Promise<void> {
  const before = await text(page, 'lab-picker')
  await page.click(id('twin'))
  await page.waitForFunction(
    ([selector, old]) => document.querySelector(selector!)?.textContent?.trim() !== old,
    [id('lab-picker'), before],
  )
  await until(page, 'state', /ready/)
}

export async function losesNothingOnReload(page: Page): Promise<void> {
  await page.click(`${id('editor')} .view-line >> nth=0`)
  await page.keyboard.press('Home')
  await page.keyboard.type('// typed by a person ')
  await page.waitForSelector(id('stale'))
  // Longer than the journal waits for a pause in the typing.
  await page.waitForTimeout(1000)
  await page.reload()
  await page.waitForSelector(`${id('editor')} .view-line`)
  await page.waitForFunction(
    (selector) => document.querySelector(selector)?.textContent?.includes('typed'),
    `${id('editor')} .view-lines`,
  )
}
