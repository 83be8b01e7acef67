import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { findBrowser } from '../../src-main/serve/browser'
import { root } from './launch'

interface Seen {
  hash: string
  problems: string[]
  size: number[]
  maximized: boolean
  kept: Record<string, number>
  forwarded: boolean
  notOpened: string[]
  reloads: number
  preferences: Record<string, unknown>
  opened: { lab: { files: Record<string, string> } }
  saved: string
  removed: boolean
  outside: string
  elsewhere: string
  foreign: string
  malformed: string
  http: boolean
  windowOpen: { action: string }
  permission: boolean
  menus: boolean
  recent: { kind: string }[]
}

let seen: Seen

beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'klab-desktop-'))
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', join(root, 'test/main/double/register.mjs'), join(root, 'test/main/double/run.mjs')],
    { cwd: root, encoding: 'utf8', env: { ...process.env, KLAB_TEST_DIR: dir, KLAB_TEST_BROWSER: findBrowser() ?? '' } },
  )
  rmSync(dir, { recursive: true, force: true })
  const line = stdout.split('\n').find((l) => l.startsWith('RESULT '))
  if (!line) throw new Error(`the desktop app did not come up:\n${stdout}\n${stderr}`)
  seen = JSON.parse(line.slice(7)) as Seen
})

describe('the desktop app, against a stand-in for Electron', () => {
  it('runs a lab in its own kernel worker to the same trace hash as the command line', () => {
    let out: string
    try {
      out = execFileSync(process.execPath, [join(root, 'src-main/cli/klab.mjs'), 'run', 'bug-01-broken', '--json'], { encoding: 'utf8' })
    } catch (error) {
      out = (error as { stdout: string }).stdout
    }
    expect(seen.hash).toBe(JSON.parse(out).traceHash)
    expect(seen.problems).toEqual([])
  })

  it('keeps Node out of the page', () => {
    expect(seen.preferences).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false })
  })

  it('opens and saves labs, in the folder that was chosen and nowhere else', () => {
    expect(seen.opened.lab.files['driver.ts']).toBe('// own')
    expect(seen.saved).toBe('// new')
    expect(seen.removed).toBe(true)
    expect(seen.outside).toContain('outside')
    expect(seen.elsewhere).toBe('answered')
    expect(seen.recent.length).toBeGreaterThan(0)
  })

  it('opens what its command line names, and what a second start forwards', () => {
    expect(seen.forwarded).toBe(true)
    expect(seen.notOpened).toEqual(['/no-lab holds no lab: there is no lab.json in it.'])
  })

  it('comes back where its window was', () => {
    expect(seen.size).toEqual([5, 6, 1100, 720])
    expect(seen.maximized).toBe(true)
    expect(seen.kept).toEqual({ x: 10, y: 20, width: 1000, height: 700 })
  })

  it('loads a crashed page again, but not for ever', () => {
    expect(seen.reloads).toBe(2)
  })

  it('listens to its own page only, and to well-formed questions only', () => {
    expect(seen.foreign).toContain('does not come from the app')
    expect(seen.malformed).not.toBe('answered')
    expect(seen.http).toBe(false)
  })

  it('opens no windows, grants no permissions, and has a menu', () => {
    expect(seen.windowOpen).toEqual({ action: 'deny' })
    expect(seen.permission).toBe(false)
    expect(seen.menus).toBe(true)
  })
})
