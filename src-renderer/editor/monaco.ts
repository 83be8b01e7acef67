import * as monaco from 'monaco-editor/editor'
import 'monaco-editor/features/register.all'
import 'monaco-editor/languages/definitions/typescript/register'
import * as ts from 'monaco-editor/languages/features/typescript/register'
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import TsWorker from 'monaco-editor/language/typescript/ts.worker?worker'
import type { DriverApi } from '../host/host'
import { registerJson } from './json-language'

export { monaco }

self.MonacoEnvironment = {
  getWorker: (_id: string, label: string) =>
    label === 'typescript' || label === 'javascript' ? new TsWorker() : new EditorWorker(),
}

const API_ROOT = 'file:///klab-api'

let ready = false

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2020,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.NodeJs,
  lib: ['es2022'],
  strict: true,
  noEmit: true,
  allowNonTsExtensions: true,
  allowSyntheticDefaultImports: true,
}

/** Readies the languages. Type errors wait for `addDriverApi`, or every import would be one. */
export function setupLanguages(): void {
  if (ready) return
  ready = true
  registerJson(monaco)
  ts.typescriptDefaults.setCompilerOptions(OPTIONS)
  ts.typescriptDefaults.setEagerModelSync(true)
  ts.typescriptDefaults.setDiagnosticsOptions({ noSemanticValidation: true })
}

/** Has all files judged again, by a worker that knows each of them from its start. */
export function recheck(): void {
  const { typescriptDefaults: defaults } = ts
  defaults.setDiagnosticsOptions({ ...defaults.getDiagnosticsOptions() })
}

/** Teaches the TypeScript worker what a driver may import. */
export function addDriverApi(api: DriverApi): void {
  const inRoot = (path: string): string => `${API_ROOT}/${path.replace(/^\.?\//, '')}`
  const paths = Object.fromEntries(
    Object.entries(api.paths).map(([name, targets]) => [name, targets.map(inRoot)]),
  )
  ts.typescriptDefaults.setCompilerOptions({ ...OPTIONS, baseUrl: API_ROOT, paths })
  ts.typescriptDefaults.setExtraLibs(
    Object.entries(api.files).map(([path, content]) => ({ content, filePath: inRoot(path) })),
  )
  ts.typescriptDefaults.setDiagnosticsOptions({
    noSemanticValidation: false,
    noSyntaxValidation: false,
    noSuggestionDiagnostics: true,
  })
}
