import type { NodePath, types as t } from '@babel/core'
import { Analysis, type ImportRef } from './analysis'
import type { Problems } from './errors'
import { ALLOWED_GLOBALS, REFUSED_MEMBERS } from './globals'

type Scope = NodePath['scope']

const NO_ASYNC =
  'Kernel code cannot be async: write it as plain synchronous code, calls that sleep just sleep.'
const NO_GENERATOR =
  'Kernel code cannot be a generator: write a loop, or return an array instead of yielding.'
const NO_IMPORT =
  'Modules cannot be loaded while code runs: write an import at the top of the file.'
const NO_META = 'import.meta does not exist in a lab: pass what you need as an argument.'
const NO_DOLLAR = "Names that begin with '$' belong to the lab: choose another name for"

/** What to do about a name that is not declared. */
export type Advice = (name: string) => string

/** Checks what lab code may say, and finds out what its identifiers refer to. */
export function analyse(
  program: NodePath<t.Program>, problems: Problems, advise: Advice,
): Analysis {
  const analysis = new Analysis()
  program.traverse({
    Function(path) {
      if (path.node.async) problems.add(path.node, NO_ASYNC)
      else if (path.node.generator) problems.add(path.node, NO_GENERATOR)
    },
    AwaitExpression: (path) => problems.add(path.node, NO_ASYNC),
    ForOfStatement(path) {
      if (path.node.await) problems.add(path.node, NO_ASYNC)
    },
    Import: (path) => problems.add(path.node, NO_IMPORT),
    ImportExpression: (path) => problems.add(path.node, NO_IMPORT),
    MetaProperty(path) {
      if (path.node.meta.name !== 'import') return
      problems.add(path.node, NO_META)
    },
    ExportAllDeclaration(path) {
      const message = "Name what is exported: write export { a, b } from '...' instead of export *."
      problems.add(path.node, message)
    },
    Super: (path) => checkSuper(path, problems),
    CallExpression: (path) => checkCallee(path.node, problems),
    MemberExpression: (path) => checkMember(path, problems),
    PrivateName: (path) => checkName(path.node.id, `#${path.node.id.name}`, problems),
    Identifier: (path) => identifier(path, analysis, problems, advise),
    AssignmentExpression: (path) => checkTargets(path.node.left, path.scope, problems),
    UpdateExpression: (path) => checkTargets(path.node.argument, path.scope, problems),
    ForXStatement: (path) => checkTargets(path.node.left, path.scope, problems),
  })
  return analysis
}

function identifier(
  path: NodePath<t.Identifier>, analysis: Analysis, problems: Problems, advise: Advice,
): void {
  const { node, scope } = path
  checkName(node, node.name, problems)
  if (!path.isReferencedIdentifier() && !isTarget(path)) return
  const binding = scope.getBinding(node.name)
  if (!binding) {
    if (node.name === 'arguments' && !ownerFunction(path)) {
      problems.add(node, 'arguments exists in functions only: name the parameters instead.')
    } else if (ALLOWED_GLOBALS.has(node.name)) analysis.addGlobal(node)
    else problems.add(node, advise(node.name))
    return
  }
  if (binding.kind !== 'module') return analysis.addReference(node, binding, scope)
  const ref = importRef(binding.path)
  if (ref) analysis.addImport(node, ref)
}

/** The function whose `arguments` and `this` are meant here. */
function ownerFunction(path: NodePath): NodePath | null {
  return path.findParent((p) => p.isFunction() && !p.isArrowFunctionExpression())
}

/** An identifier that is written rather than read or declared: `x = 1`, `x++`, `[x] = y`. */
function isTarget(path: NodePath): boolean {
  const { parent, parentPath, key } = path
  switch (parent.type) {
    case 'AssignmentExpression':
    case 'ForOfStatement':
    case 'ForInStatement':
      return key === 'left'
    case 'UpdateExpression':
      return true
    case 'AssignmentPattern':
      return key === 'left' && isTarget(parentPath!)
    case 'RestElement':
    case 'ArrayPattern':
    case 'ObjectPattern':
      return isTarget(parentPath!)
    case 'ObjectProperty':
      return key === 'value' && isTarget(parentPath!)
    default:
      return false
  }
}

export function importRef(path: NodePath): ImportRef | undefined {
  const declaration = path.parent
  if (declaration.type !== 'ImportDeclaration') return undefined
  const specifier = declaration.source.value
  const kernel = !specifier.startsWith('.')
  if (path.isImportNamespaceSpecifier()) return { specifier, imported: '*', kernel }
  if (path.isImportDefaultSpecifier()) return { specifier, imported: 'default', kernel }
  if (!path.isImportSpecifier()) return undefined
  const { imported } = path.node
  return { specifier, kernel, imported: 'name' in imported ? imported.name : imported.value }
}

function checkName(node: t.Node, name: string, problems: Problems): void {
  if (name.startsWith('$') || name.startsWith('#$')) problems.add(node, `${NO_DOLLAR} ${name}.`)
}

function checkCallee(node: t.CallExpression, problems: Problems): void {
  const { callee } = node
  if (callee.type !== 'OptionalMemberExpression' || !callee.extra?.['parenthesized']) return
  problems.add(callee, 'Leave out the parentheses around this optional chain before calling it.')
}

function checkMember(path: NodePath<t.MemberExpression>, problems: Problems): void {
  const { object, property, computed } = path.node
  if (computed || object.type !== 'Identifier' || property.type !== 'Identifier') return
  if (path.scope.getBinding(object.name)) return
  const advice = REFUSED_MEMBERS.get(`${object.name}.${property.name}`)
  const name = `${object.name}.${property.name}`
  if (advice) problems.add(path.node, `${name} differs between machines: ${advice}.`)
}

function checkSuper(path: NodePath<t.Super>, problems: Problems): void {
  const inArrow = path.getFunctionParent()?.isArrowFunctionExpression() === true
  if (!inArrow) return
  const { parent, parentPath } = path
  if (parent.type === 'CallExpression') {
    const message = 'Call super() directly in the constructor, not in a function inside it.'
    problems.add(path.node, message)
  } else if (parentPath?.parent.type === 'AssignmentExpression' && parentPath.key === 'left') {
    problems.add(path.node, 'Assign to this instead of super inside an arrow function.')
  }
}

const valueOf = (part: t.ObjectProperty | t.RestElement): t.Node =>
  part.type === 'ObjectProperty' ? part.value : part

function checkAssigned(target: t.Identifier, scope: Scope, problems: Problems): void {
  const { name } = target
  const kind = scope.getBinding(name)?.kind
  if (kind === 'module') problems.add(target, `${name} ${READ_ONLY}`)
  if (kind === 'const') {
    problems.add(target, `${name} is a constant: declare it with let to change it.`)
  }
}

export const READ_ONLY = 'is imported and cannot be assigned: export a function that changes it.'

function checkTargets(target: t.Node | null, scope: Scope, problems: Problems): void {
  switch (target?.type) {
    case 'Identifier':
      return checkAssigned(target, scope, problems)
    case 'AssignmentPattern':
      return checkTargets(target.left, scope, problems)
    case 'RestElement':
      return checkTargets(target.argument, scope, problems)
    case 'ArrayPattern':
      return target.elements.forEach((element) => checkTargets(element, scope, problems))
    case 'ObjectPattern':
      return target.properties.forEach((property) =>
        checkTargets(valueOf(property), scope, problems))
    case 'MemberExpression': {
      const { object } = target
      if (object.type !== 'Identifier') return
      const binding = scope.getBinding(object.name)
      if (!binding?.path.isImportNamespaceSpecifier()) return
      problems.add(target, `${object.name} ${READ_ONLY}`)
    }
  }
}
