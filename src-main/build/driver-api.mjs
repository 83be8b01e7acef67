import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { root } from './ensure.mjs'

/**
 * The declarations of everything a lab can import, for the editor and for `klab check`: what
 * src-sim/linux exports and all that its types refer to, without members marked internal.
 */
export function driverApi() {
  const linux = join(root, 'src-sim/linux')
  const entries = [linux, join(linux, 'user'), join(linux, 'klab')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && name !== 'index.ts')
      .map((name) => join(folder, name)),
  )
  const options = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts'],
    types: [],
    strict: true,
    skipLibCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    noEmitOnError: false,
  }
  const files = {}
  const program = ts.createProgram(entries, options)
  program.emit(undefined, (path, text) => {
    files[relative(root, path)] = text
  })
  return {
    files,
    paths: {
      'linux/*': ['src-sim/linux/*'],
      'user/*': ['src-sim/linux/user/*'],
      'klab/*': ['src-sim/linux/klab/*'],
    },
  }
}

export function writeDriverApi() {
  mkdirSync(join(root, 'out'), { recursive: true })
  writeFileSync(join(root, 'out/driver-api.json'), JSON.stringify(driverApi()))
}
