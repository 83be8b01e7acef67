import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { root } from './ensure.mjs'
import { driverApi } from './driver-api.mjs'

/** All text files below a folder, by their path in it. */
function textFiles(folder) {
  const files = {}
  const visit = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (/\.(ts|json|md)$/.test(entry.name))
        files[relative(folder, path).split(sep).join('/')] = readFileSync(path, 'utf8')
    }
  }
  visit(folder)
  return files
}

function labsBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((id) => existsSync(join(folder, id, 'lab.json')))
    .sort()
    .map((id) => ({ id, files: textFiles(join(folder, id)) }))
}

function pages() {
  const folder = join(root, 'resources/docs')
  return Object.entries(textFiles(folder))
    .filter(([path]) => path.endsWith('.md'))
    .map(([path, text]) => ({
      id: path.replace(/\.md$/, ''),
      title: /^# (.+)$/m.exec(text)?.[1] ?? path,
      text,
    }))
}

const MODULES = {
  'virtual:builtin-labs': () => labsBelow(join(root, 'resources/labs')),
  'virtual:templates': () => labsBelow(join(root, 'resources/templates')),
  'virtual:docs': pages,
  'virtual:driver-api': driverApi,
}

/** Resources that the app brings along: read when it is built. */
export function virtualModules() {
  return {
    name: 'klab-resources',
    resolveId: (id) => (id in MODULES ? `\0${id}` : null),
    load: (id) =>
      id.startsWith('\0virtual:')
        ? `export default ${JSON.stringify(MODULES[id.slice(1)]())}`
        : null,
  }
}

/** Babel asks for `path` when it starts, although it never reads a file in a browser. */
export function noFiles() {
  return {
    name: 'klab-no-files',
    enforce: 'pre',
    resolveId: (id) => (id === 'path' ? '\0path' : null),
    load: (id) => (id === '\0path' ? PATH : null),
  }
}

const PATH = `
const join = (...p) => p.filter(Boolean).join('/')
const dirname = (p) => p.replace(/\\/?[^/]*$/, '') || '.'
const basename = (p) => p.replace(/^.*\\//, '')
const extname = (p) => /\\.[^./]*$/.exec(p)?.[0] ?? ''
const relative = (_from, to) => to
const isAbsolute = (p) => p.startsWith('/')
const normalize = (p) => p
const sep = '/'
export { join, join as resolve, dirname, basename, extname, relative, isAbsolute, normalize, sep }
export default { join, resolve: join, dirname, basename, extname, relative, isAbsolute, normalize, sep }
`
