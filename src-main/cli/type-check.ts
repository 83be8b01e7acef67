import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import type { LabSource, Problem } from '../../src-sim/protocol'
import { UsageError } from './errors'

export interface DriverApi {
  files: Record<string, string>
  paths: Record<string, string[]>
}

/** Type errors of a lab against the declarations of the driver API. */
export function typeProblems(lab: LabSource, api: DriverApi = builtDriverApi()): Problem[] {
  const root = '/lab/'
  const files = new Map<string, string>()
  for (const [path, text] of Object.entries(api.files)) files.set(`/api/${path}`, text)
  for (const [path, text] of Object.entries(lab.files)) files.set(root + path, text)
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: Object.fromEntries(Object.entries(api.paths).map(([k, v]) => [k, v.map((p) => `/api/${p}`)])),
  }
  const host = virtualHost(files, options)
  const entries = Object.keys(lab.files).filter((p) => p.endsWith('.ts')).map((p) => root + p)
  const program = ts.createProgram(entries, options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .filter((d) => d.file?.fileName.startsWith(root))
    .map((d) => {
      const at = d.file!.getLineAndCharacterOfPosition(d.start ?? 0)
      return {
        file: d.file!.fileName.slice(root.length),
        line: at.line + 1,
        column: at.character + 1,
        message: ts.flattenDiagnosticMessageText(d.messageText, ' '),
      }
    })
}

function virtualHost(files: Map<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const real = ts.createCompilerHost(options)
  const folders = new Set<string>()
  for (const path of files.keys())
    for (let dir = dirname(path); dir !== '/'; dir = dirname(dir)) folders.add(dir)
  return {
    ...real,
    fileExists: (path) => files.has(path) || real.fileExists(path),
    readFile: (path) => files.get(path) ?? real.readFile(path),
    directoryExists: (path) => folders.has(path) || (real.directoryExists?.(path) ?? false),
    getCurrentDirectory: () => '/lab',
    getSourceFile: (path, languageVersion) => {
      const text = files.get(path)
      return text === undefined
        ? real.getSourceFile(path, languageVersion)
        : ts.createSourceFile(path, text, languageVersion)
    },
    writeFile: () => {},
  }
}

function builtDriverApi(): DriverApi {
  let dir = dirname(fileURLToPath(import.meta.url))
  for (let i = 0; i < 6; i++) {
    const path = join(dir, 'driver-api.json')
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as DriverApi
    dir = dirname(dir)
  }
  throw new UsageError('The declarations of the driver API are missing. Run `npm run build`.')
}
