import * as monaco from 'monaco-editor/editor'
import 'monaco-editor/features/register.all'
import 'monaco-editor/languages/definitions/typescript/register'
import * as ts from 'monaco-editor/languages/features/typescript/register'
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import TsWorker from 'monaco-editor/language/typescript/ts.worker?worker'
import { files, paths } from 'virtual:driver-api'
import { registerJson } from './json-language'

export { monaco }

self.MonacoEnvironment = {
  getWorker: (_id: string, label: string) =>
    label === 'typescript' || label === 'javascript' ? new TsWorker() : new EditorWorker(),
}

const API_ROOT = 'file:///klab-api'

let ready = false

/** Teaches the TypeScript worker what a driver may import. Replacing libraries re-checks everything. */
export function setupLanguages(): void {
  if (ready) return
  ready = true
  registerJson(monaco)
  const mapped: Record<string, string[]> = {}
  for (const [name, targets] of Object.entries(paths)) {
    mapped[name] = targets.map((target) => `${API_ROOT}/${target.replace(/^\.?\//, '')}`)
  }
  ts.typescriptDefaults.setCompilerOptions({
    target: ts.ScriptTarget.ES2020,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.NodeJs,
    lib: ['es2022'],
    strict: true,
    noEmit: true,
    allowNonTsExtensions: true,
    allowSyntheticDefaultImports: true,
    noFallthroughCasesInSwitch: false,
    baseUrl: API_ROOT,
    paths: mapped,
  })
  ts.typescriptDefaults.setDiagnosticsOptions({
    noSemanticValidation: false,
    noSyntaxValidation: false,
    noSuggestionDiagnostics: true,
  })
  ts.typescriptDefaults.setEagerModelSync(true)
  ts.typescriptDefaults.setExtraLibs(
    Object.entries(files).map(([path, content]) => ({
      content,
      filePath: `${API_ROOT}/${path.replace(/^\.?\//, '')}`,
    })),
  )
}
