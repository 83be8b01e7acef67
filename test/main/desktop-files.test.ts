import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { inside, writeLab } from '../../src-main/desktop/files'

const LAB = { id: 'lab', files: { 'lab.json': '{ "title": "x" }', 'driver.ts': '1', 'sub/a.ts': '2' } }
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'klab-files-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

it('saving into a folder that was just chosen leaves what is there', () => {
  mkdirSync(join(dir, 'notes'))
  writeFileSync(join(dir, 'notes', 'diary.md'), 'mine')
  writeLab(dir, LAB, false)
  expect(existsSync(join(dir, 'notes', 'diary.md'))).toBe(true)
  expect(existsSync(join(dir, 'sub', 'a.ts'))).toBe(true)
})

it('saving in place removes the files that the lab no longer has', () => {
  writeLab(dir, LAB, false)
  writeLab(dir, { id: 'lab', files: { 'lab.json': '{ "title": "x" }' } }, true)
  expect(existsSync(join(dir, 'driver.ts'))).toBe(false)
  expect(existsSync(join(dir, 'sub', 'a.ts'))).toBe(false)
})

it.each(['../x', '/etc/x', 'a/../../x', '.'])('%s is no place inside a lab', (path) => {
  expect(() => inside(dir, path)).toThrow('outside')
})
