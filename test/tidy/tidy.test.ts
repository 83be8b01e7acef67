import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

function sources(folder: string, pattern = /\.(ts|vue|mjs)$/): string[] {
  const found: string[] = []
  const visit = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (pattern.test(entry.name)) found.push(relative(root, path))
    }
  }
  visit(join(root, folder))
  return found.sort()
}

const text = (path: string): string => readFileSync(join(root, path), 'utf8')

function importsOf(path: string): string[] {
  const code = text(path)
  const statements = /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm
  return [...code.matchAll(statements)].map((m) => m[1] ?? m[2]!)
}

/** Folders of src-sim, from the ground up: each may import those before it (and itself). */
const LAYERS = [
  ['base'],
  ['engine'],
  ['trace'],
  ['kernel'],
  ['checkers', 'hardware'],
  ['linux'],
  ['compiler', 'sandbox'],
  ['explorer', 'lab'],
]
/** Looked at by everybody; `protocol` itself needs types of the ground only. */
const SHAPES = 'protocol'

/** npm packages that a folder of src-sim may use. */
const PACKAGES: Record<string, string[]> = {
  compiler: ['@babel/core', '@babel/preset-typescript'],
  sandbox: ['ses'],
  lab: ['birpc', 'valibot', 'fflate'],
  protocol: ['valibot'],
}

const layerOf = (folder: string): number => LAYERS.findIndex((l) => l.includes(folder))

describe('imports', () => {
  it('src-sim goes down the layers only, and uses only the packages it is allowed', () => {
    const wrong: string[] = []
    for (const path of sources('src-sim')) {
      const folder = path.split('/')[1]!
      for (const specifier of importsOf(path)) {
        if (/^(linux|user|klab)\//.test(specifier)) continue
        if (!specifier.startsWith('.')) {
          if (!PACKAGES[folder]?.includes(specifier)) wrong.push(`${path}: ${specifier}`)
          continue
        }
        const target = relative(root, resolve(root, path, '..', specifier)).split('/')
        if (target[0] !== 'src-sim') wrong.push(`${path}: ${specifier}`)
        else if (target[1] !== folder && target[1] !== SHAPES && folder !== SHAPES) {
          const from = layerOf(folder)
          const to = layerOf(target[1]!)
          if (to < 0 || to > from || (to === from && folder !== 'lab' && folder !== 'sandbox'))
            wrong.push(`${path}: ${specifier}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('the renderer reaches the kernel by messages alone', () => {
    const wrong: string[] = []
    for (const path of sources('src-renderer')) {
      if (path === 'src-renderer/host/kernel-worker.ts') continue
      for (const specifier of importsOf(path)) {
        const m = /src-(sim|main)\/([a-z-]+)/.exec(specifier)
        if (!m) continue
        const allowed = m[1] === 'sim' && ['protocol', 'trace', 'base', 'engine'].includes(m[2]!)
        if (!allowed) wrong.push(`${path}: ${specifier}`)
        const code = text(path)
        if (m[2] === 'engine' && !/engine\/(position|finding)'/.test(code)) wrong.push(`${path}: ${specifier}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('only the desktop entry and the preload import electron', () => {
    const wrong = [...sources('src-main'), ...sources('src-renderer'), ...sources('src-sim')].filter(
      (path) => importsOf(path).includes('electron') && !/^src-main\/(desktop|preload)\//.test(path),
    )
    expect(wrong).toEqual([])
  })
})

describe('determinism', () => {
  const BANNED =
    /\b(Date\.now|new Date|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|Promise\.race|WeakRef|toLocale\w+|Intl\.|process\.(env|exit|argv|hrtime|memoryUsage|nextTick)\b|globalThis\.|Math\.(sin|cos|tan|exp|log|pow)\b)/

  it('src-sim has no time, chance or host of its own', () => {
    const wrong: string[] = []
    for (const path of sources('src-sim', /\.ts$/)) {
      text(path)
        .split('\n')
        .forEach((line, i) => {
          const code = line.replace(/\/\/.*$/, '').replace(/(['"`]).*?\1/g, '')
          if (/^\s*(\*|\/\*)/.test(line) || /^src-sim\/compiler\/(globals|rules)\.ts$/.test(path)) return
          if (BANNED.test(code)) wrong.push(`${path}:${i + 1}: ${line.trim()}`)
        })
    }
    expect(wrong).toEqual([])
  })
})

describe('the tree', () => {
  const own = [...sources('src-sim'), ...sources('src-main'), ...sources('src-renderer'), ...sources('test')]

  it('has no file of more than 800 lines', () => {
    expect(own.filter((path) => text(path).split('\n').length > 800)).toEqual([])
  })

  it('has no leftover reminders and no tests that are left out', () => {
    const reminder = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].map((w) => `\\b${w}\\b`).join('|'))
    const leftOut = new RegExp(`\\.(${'on' + 'ly'}|${'sk' + 'ip'}|${'to' + 'do'})\\(`)
    expect(own.filter((path) => reminder.test(text(path)))).toEqual([])
    expect(sources('test').filter((path) => leftOut.test(text(path)))).toEqual([])
  })

  it('says in each source folder what it holds', () => {
    for (const folder of ['src-sim', 'src-main', 'src-renderer'])
      expect(existsSync(join(root, folder, 'README.md'))).toBe(true)
  })

  it('pins every version', () => {
    const { dependencies, devDependencies } = JSON.parse(text('package.json')) as Record<string, Record<string, string>>
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(`${name} ${version}`).toMatch(/ (npm:\S+@)?\d+\.\d+\.\d+$/)
  })
})

describe('licences', () => {
  const ALLOWED =
    /^(MIT|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-4\.0|Python-2\.0|PSF-2\.0|Unlicense|EPL-2\.0( OR GPL-3\.0-or-later)?|MPL-2\.0|WTFPL|MIT AND Zlib|Apache-2\.0 WITH LLVM-exception|\(?(MIT|CC0-1\.0|BSD-\d-Clause|Apache-2\.0|MPL-2\.0|WTFPL|Unlicense)( (OR|AND) [\w.-]+)+\)?)$/

  it('of everything installed are known and allowed', () => {
    const list = JSON.parse(execFileSync('npm', ['query', '*'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })) as {
      name: string
      license?: string
      path: string
    }[]
    const wrong = list
      .filter((p) => p.path !== root && p.name !== undefined && existsSync(join(p.path, 'package.json')))
      .map((p) => `${p.name}: ${p.license ?? (JSON.parse(readFileSync(join(p.path, 'package.json'), 'utf8')) as { license?: string }).license}`)
      .filter((line) => !ALLOWED.test(line.slice(line.indexOf(': ') + 2)))
    expect(wrong).toEqual([])
  })
})
