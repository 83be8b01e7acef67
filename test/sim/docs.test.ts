import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const docs = join(root, 'resources/docs')

function files(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path, ending) : path.endsWith(ending) ? [path] : []
  })
}

describe('the help', () => {
  it('has a page for everything a finding points to', () => {
    const ids = new Set<string>()
    for (const path of files(join(root, 'src-sim'), '.ts'))
      for (const m of readFileSync(path, 'utf8').matchAll(/\bhelp: '([^']+)'(?:,|$)/gm)) ids.add(m[1]!)
    expect(ids.size).toBeGreaterThan(5)
    expect([...ids].filter((id) => !existsSync(join(docs, `${id}.md`)))).toEqual([])
  })

  it('has no dead links and a title on every page', () => {
    const dead: string[] = []
    for (const path of files(docs, '.md')) {
      const text = readFileSync(path, 'utf8')
      expect(text.startsWith('# '), path).toBe(true)
      for (const m of text.matchAll(/\]\(([^)#]+\.md)\)/g))
        if (!existsSync(resolve(dirname(path), m[1]!))) dead.push(`${path}: ${m[1]}`)
    }
    expect(dead).toEqual([])
  })
})
