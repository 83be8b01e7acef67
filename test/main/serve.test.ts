import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cspFor } from '../../src-main/serve/headers'
import { fileFor } from '../../src-main/serve/server'

let dir: string
let root: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'klab-serve-'))
  root = join(dir, 'site')
  mkdirSync(join(root, 'assets'), { recursive: true })
  writeFileSync(join(dir, 'secret.txt'), 'secret')
  writeFileSync(join(root, 'index.html'), '<p>')
  writeFileSync(join(root, 'assets', 'a.js'), '1')
})
afterAll(() => rmSync(dir, { recursive: true }))

describe('the local server', () => {
  it('finds its own files', () => {
    expect(fileFor(root, '/')).toBe(join(root, 'index.html'))
    expect(fileFor(root, '/assets/a.js')).toBe(join(root, 'assets', 'a.js'))
  })

  it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%00', '/%', '/assets'])(
    'refuses %s',
    (path) => {
      expect(fileFor(root, path)).toBeNull()
    },
  )

  it('lets only the kernel worker make code, and that reach nothing', () => {
    expect(cspFor('/')).not.toContain('unsafe-eval')
    expect(cspFor('/assets/index-1.js')).not.toContain('unsafe-eval')
    expect(cspFor('/assets/kernel-worker-abc.js')).toContain("'unsafe-eval'")
    expect(cspFor('/assets/kernel-worker-abc.js')).toContain("connect-src 'none'")
  })
})
