import { FILES_MAX } from '../engine/position'
import type { FunctionSpan } from './context'
import { Problems, type CompileError, type CompileErrors } from './errors'
import { adviceFor, parseTypeScript, printProgram, type Api, type Work } from './front-end'
import { instrument, type Instrumented } from './instrument'
import type { ImportedName } from './modules'
import { assert } from '../base/assert'

export type { Api } from './front-end'
export type { CompileError, CompileErrors } from './errors'
export type { FunctionSpan } from './context'
export type { ImportedName } from './modules'

export type FileKind = 'driver' | 'hardware' | 'user' | 'scenario' | 'machine'

export interface SourceFile {
  path: string
  text: string
  /** The number of this file in positions, from 0. */
  index: number
  kind: FileKind
}

/** Everything needed to load and to report on one file. Plain data: it can be sent to a worker. */
export interface CompiledFile {
  path: string
  index: number
  kind: FileKind
  /** The text of an expression: `(function ($, $imports, $exports, $lib) { ... })`. */
  code: string
  /** Module specifiers, as written, in order of their first use. */
  imports: string[]
  /** For specifiers of files of the lab: the path of the file. Filled by `compileLab`. */
  resolved: Record<string, string>
  importedNames: ImportedName[]
  exports: string[]
  /** Sorted by their start; inner functions follow outer ones. */
  functions: FunctionSpan[]
  /** For positions of member accesses: the source text of the access, as in `d.ring.head`. */
  accesses: Record<number, string>
  map: object | null
}

export interface CompileOptions {
  /** What can be imported from the kernel; without it names are not checked. */
  api?: Api
}

export function compileFile(
  file: SourceFile, options: CompileOptions = {},
): CompiledFile | CompileErrors {
  const { path, text, index, kind } = file
  assert(index >= 0 && index <= FILES_MAX, `file number ${index} is out of range`)
  const { api } = options
  const parsed = parseTypeScript(path, text, api)
  if ('errors' in parsed) return parsed
  const problems = new Problems(path)
  const advise = adviceFor(parsed.importedLocals, api)
  let done: Instrumented | undefined
  const work: Work = (program, analysis) => {
    done = instrument(program, analysis, index)
    return done.program
  }
  const { code, map } = printProgram(parsed.ast, text, path, problems, advise, work)
  if (problems.any || !done) return { errors: problems.list() }
  const { imports, exports, functions, accesses } = done
  const { importedNames } = parsed
  return {
    path, index, kind, code, map, imports, exports, importedNames, functions, accesses,
    resolved: {},
  }
}

export function isCompiled<T extends object>(result: T | CompileErrors): result is T {
  return !('errors' in result)
}

/** Compiles the files of a lab and checks what they import from each other. */
export function compileLab(
  files: readonly SourceFile[], options: CompileOptions = {},
): { files: CompiledFile[] } | CompileErrors {
  const compiled: CompiledFile[] = []
  const errors: CompileError[] = []
  for (const file of files) {
    const result = compileFile(file, options)
    if (isCompiled(result)) compiled.push(result)
    else errors.push(...result.errors)
  }
  const paths = new Set(files.map((file) => file.path))
  const byPath = new Map(compiled.map((file) => [file.path, file]))
  for (const file of compiled) errors.push(...link(file, paths, byPath))
  return errors.length > 0 ? { errors } : { files: compiled }
}

/** Resolves the relative imports of one file. */
function link(
  file: CompiledFile, paths: Set<string>, byPath: Map<string, CompiledFile>,
): CompileError[] {
  const errors: CompileError[] = []
  const missing = new Set<string>()
  for (const specifier of file.imports) {
    if (!specifier.startsWith('.')) continue
    const path = resolve(file.path, specifier, paths)
    if (path) file.resolved[specifier] = path
  }
  for (const { specifier, name, line, column } of file.importedNames) {
    if (!specifier.startsWith('.')) continue
    const add = (message: string): number => errors.push({ path: file.path, line, column, message })
    const path = resolve(file.path, specifier, paths)
    if (!path) {
      if (!missing.has(specifier)) {
        add(`There is no file '${specifier}' in this lab: create it or correct the name.`)
      }
      missing.add(specifier)
      continue
    }
    const target = byPath.get(path)
    if (!target || name === '*' || target.exports.includes(name)) continue
    if (!file.imports.includes(specifier)) continue
    add(`${path} does not export ${name}: write export in front of its declaration.`)
  }
  return errors
}

function resolve(from: string, specifier: string, paths: Set<string>): string | undefined {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  const path = parts.join('/')
  return [path, `${path}.ts`].find((candidate) => paths.has(candidate))
}

/** The innermost function around a place, or null at the top level of the file. */
export function functionAt(file: CompiledFile, line: number, column: number): FunctionSpan | null {
  let found: FunctionSpan | null = null
  for (const span of file.functions) {
    if (isBefore(line, column, span.startLine, span.startColumn)) break
    if (!isBefore(line, column, span.endLine, span.endColumn)) continue
    found = span
  }
  return found
}

function isBefore(line: number, column: number, otherLine: number, otherColumn: number): boolean {
  return line < otherLine || (line === otherLine && column < otherColumn)
}
