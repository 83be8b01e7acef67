import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { newest, root } from './ensure.mjs'

const FILE = join(root, 'out/driver-api.json')
const COMPILER = join(root, 'node_modules/typescript-7/bin/tsc')
const OPTIONS = [
  '--ignoreConfig', '--rootDir', root, '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler',
  '--lib', 'es2023', '--types', '', '--strict', '--skipLibCheck', '--declaration', '--emitDeclarationOnly', '--stripInternal',
]

/**
 * The declarations of everything a lab can import, for the editor and for `klab check`: what
 * src-sim/linux exports and all that its types refer to, without members marked internal.
 */
export function driverApi() {
  const linux = join(root, 'src-sim/linux')
  const roots = JSON.parse(readFileSync(join(linux, 'roots.json'), 'utf8'))
  const folders = ['', ...Object.keys(roots)].map((folder) => join(linux, folder))
  const entries = folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && name !== 'index.ts')
      .map((name) => join(folder, name)),
  )
  const files = {}
  const out = mkdtempSync(join(tmpdir(), 'klab-api-'))
  try {
    spawnSync(process.execPath, [COMPILER, ...OPTIONS, '--outDir', out, ...entries], { cwd: root })
    for (const path of readdirSync(out, { recursive: true }))
      if (path.endsWith('.d.ts')) files[path.split(sep).join('/')] = readFileSync(join(out, path), 'utf8')
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
  if (Object.keys(files).length === 0) throw new Error('the declarations of the driver API cannot be made')
  return {
    files,
    paths: {
      'linux/*': ['src-sim/linux/*'],
      ...Object.fromEntries(
        Object.entries(roots)
          .filter(([, prefix]) => !prefix.includes('/'))
          .map(([folder, prefix]) => [`${prefix}/*`, [`src-sim/linux/${folder}/*`]]),
      ),
    },
  }
}

export function writeDriverApi() {
  mkdirSync(join(root, 'out'), { recursive: true })
  writeFileSync(FILE, JSON.stringify(driverApi()))
}

export function ensureDriverApi() {
  const fresh = existsSync(FILE) && statSync(FILE).mtimeMs > newest('src-sim', 'src-main/build')
  if (!fresh) writeDriverApi()
}
