import { _electron } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { findElectron } from '../../src-main/start/find-electron.mjs'
import { root } from './launch'
import { story } from './story'

const binary: string | null = findElectron()

/** Reported as skipped where Electron's binary is missing, never as passed. */
describe.skipIf(binary === null)('the app in real Electron', () => {
  it('tells the story of a first session', async () => {
    const app = await _electron.launch({ executablePath: binary!, args: [root] })
    try {
      const page = await app.firstWindow()
      await story(page)
      expect(await page.title()).toContain('Kernel Lifecycle Lab')
    } finally {
      await app.close()
    }
  })
})
