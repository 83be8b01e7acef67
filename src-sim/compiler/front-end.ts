/// <reference path="./preset-typescript.d.ts" />
import {
  parseSync, transformFromAstSync, types as t, type PluginObj, type TransformOptions,
} from '@babel/core'
import presetTypeScript from '@babel/preset-typescript'
import roots from '../linux/roots.json'
import type { Analysis } from './analysis'
import { Problems, syntaxError, type CompileError } from './errors'
import type { ImportedName } from './modules'
import { REFUSED_GLOBALS } from './globals'
import { analyse, READ_ONLY, type Advice } from './rules'
import { resolveUsing } from './using'

/** Plain JavaScript of a file, with what its names mean. */
export interface FrontEndResult {
  ast: t.File
  importedNames: ImportedName[]
  /** The file's own names for what it imports, types and unused ones included. */
  importedLocals: ReadonlySet<string>
}

const OPTIONS: TransformOptions = {
  configFile: false, babelrc: false, browserslistConfigFile: false, filename: 'lab.ts',
  sourceType: 'module', highlightCode: false, cloneInputAst: false, code: false, ast: true,
  parserOpts: { plugins: ['explicitResourceManagement'] },
  presets: [[presetTypeScript, { allowDeclareFields: true, optimizeConstEnums: false }]],
}

/** The modules a lab may import, each with what it exports. */
export type Api = ReadonlyMap<string, ReadonlySet<string>>

const NO_NAMESPACE =
  'Namespaces do not exist in a lab: put the code into a file of its own and import it.'
const ROOTS = [...new Set(['linux', ...Object.values(roots).map((root) => root.split('/')[0]!)])]
const WHAT_THERE_IS = `a lab has ${ROOTS.map((root) => `${root}/*`).join(', ')} and its own files ('./name')`
const KNOWN_PREFIX = new RegExp(`^(${ROOTS.join('|')})/`)

/** Parses TypeScript, checks its imports and takes the types out. */
export function parseTypeScript(
  path: string, text: string, api: Api | undefined,
): FrontEndResult | { errors: CompileError[] } {
  const problems = new Problems(path)
  try {
    const parsed = parseSync(text, OPTIONS) as t.File
    checkModules(parsed.program, problems, api)
    resolveUsing(parsed.program, problems)
    if (problems.any) return { errors: problems.list() }
    const importedLocals = new Set(parsed.program.body.flatMap(localsOf))
    const ast = transformFromAstSync(parsed, text, OPTIONS)!.ast as t.File
    const importedNames = ast.program.body.flatMap(namesOf)
    if (api) for (const name of importedNames) checkName(name, problems, api)
    return problems.any ? { errors: problems.list() } : { ast, importedNames, importedLocals }
  } catch (thrown) {
    return { errors: [syntaxError(path, thrown)] }
  }
}

/** Checks are done: makes one expression of the program. */
export type Work = (program: t.Program, analysis: Analysis) => t.Expression

/** Prints a program after `work` has checked and rewritten it. */
export function printProgram(
  ast: t.File, text: string, path: string, problems: Problems, advise: Advice,
  work: Work,
): { code: string; map: object | null } {
  const plugin: PluginObj = {
    visitor: {
      Program(program) {
        const analysis = analyse(program, problems, advise)
        if (!problems.any) {
          const expression = work(program.node, analysis)
          program.node.body = [{ type: 'ExpressionStatement', expression } as t.Statement]
          program.node.directives = []
        }
        program.stop()
      },
    },
  }
  const result = transformFromAstSync(ast, text, {
    configFile: false, babelrc: false, browserslistConfigFile: false, filename: path,
    sourceFileName: path, cloneInputAst: false, comments: false, compact: false, sourceMaps: true,
    generatorOpts: { jsescOption: { minimal: true } }, plugins: [plugin],
  })
  const code = (result?.code ?? '').replace(/;\s*$/, '')
  return { code, map: result?.map ?? null }
}

function checkModules(program: t.Program, problems: Problems, api: Api | undefined): void {
  for (const node of program.body) {
    switch (node.type) {
      case 'TSModuleDeclaration':
        if (!node.declare) problems.add(node, NO_NAMESPACE)
        break
      case 'TSImportEqualsDeclaration':
        problems.add(node, "Write import { name } from '...' instead of import = require().")
        break
      case 'TSExportAssignment':
        problems.add(node, 'Write export default instead of export =.')
        break
      case 'ImportDeclaration':
        checkSource(node.source, problems, api)
        break
      case 'ExportNamedDeclaration':
        if (node.source) checkSource(node.source, problems, api)
        break
    }
  }
}

function checkSource(source: t.StringLiteral, problems: Problems, api: Api | undefined): void {
  const { value } = source
  if (value.startsWith('./') || value.startsWith('../')) return
  if (!KNOWN_PREFIX.test(value)) {
    problems.add(source, `'${value}' cannot be imported: ${WHAT_THERE_IS}.`)
  } else if (api && !api.has(value)) {
    problems.add(source, `There is no header '${value}': ${nearest(value, api.keys())}`)
  }
}

function checkName(name: ImportedName, problems: Problems, api: Api): void {
  const exported = api.get(name.specifier)
  if (!exported || name.name === '*' || exported.has(name.name)) return
  const at = { loc: { start: { line: name.line, column: name.column - 1 } } }
  const elsewhere = homeOf(name.name, api)
  const advice = elsewhere ? `import it from '${elsewhere}'.` : nearest(name.name, exported)
  problems.add(at, `'${name.specifier}' has no ${name.name}: ${advice}`)
}

/** A name that shares most of its beginning and end with what was written. */
function nearest(wanted: string, names: Iterable<string>): string {
  const base = wanted.slice(wanted.indexOf('/') + 1)
  let best = ''
  let bestScore = base.length / 2
  for (const name of names) {
    const score = common(base, name.slice(name.indexOf('/') + 1))
    if (score > bestScore) [best, bestScore] = [name, score]
  }
  return best ? `did you mean ${best}?` : 'look up its name in the help.'
}

function common(a: string, b: string): number {
  const shortest = Math.min(a.length, b.length)
  let head = 0
  while (head < shortest && a[head] === b[head]) head++
  let tail = 0
  while (tail < shortest - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  return head + tail - Math.abs(a.length - b.length) / 2
}

/** The header to take a name from: of all that bring it along, the one with the fewest others. */
function homeOf(name: string, api: Api): string | null {
  let home: string | null = null
  let fewest = Infinity
  for (const [header, names] of api)
    if (names.has(name) && names.size < fewest) [home, fewest] = [header, names.size]
  return home
}

function localsOf(node: t.Statement): string[] {
  return node.type === 'ImportDeclaration' ? node.specifiers.map((part) => part.local.name) : []
}

/** What to say about a name that means nothing. */
export function adviceFor(locals: ReadonlySet<string>, api: Api | undefined): Advice {
  return (name) => {
    if (locals.has(name)) return `${name} ${READ_ONLY}`
    const refused = REFUSED_GLOBALS.get(name)
    if (refused) return `${name} does not exist in a lab: ${refused}.`
    const header = api && homeOf(name, api)
    if (header) return `${name} is not declared: import it from '${header}'.`
    return `${name} is not declared: declare it, or import it from the header that has it in C.`
  }
}

/** What a statement imports; types are gone already. */
function namesOf(node: t.Statement): ImportedName[] {
  const isExport = node.type === 'ExportNamedDeclaration'
  if ((!isExport && node.type !== 'ImportDeclaration') || !node.source) return []
  const specifier = node.source.value
  return node.specifiers.map((part) => {
    const { line, column } = part.loc!.start
    return { specifier, name: importedName(part), line, column: column + 1 }
  })
}

function importedName(part: t.Node): string {
  switch (part.type) {
    case 'ImportSpecifier':
      return nameOf(part.imported)
    case 'ExportSpecifier':
      return nameOf(part.local)
    case 'ImportDefaultSpecifier':
      return 'default'
    default:
      return '*'
  }
}

function nameOf(node: t.Identifier | t.StringLiteral): string {
  return node.type === 'Identifier' ? node.name : node.value
}
