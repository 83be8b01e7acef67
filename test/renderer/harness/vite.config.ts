import vue from '@vitejs/plugin-vue'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

const renderer = resolve(import.meta.dirname, '../../../src-renderer')

/** Panels that are not there yet become empty ones, so that the rest can be looked at. */
function absentPanels(): Plugin {
  return {
    name: 'absent-panels',
    enforce: 'pre',
    resolveId(id) {
      const name = /\/(timeline|topology|inspector)$/.exec(id)?.[1]
      if (name && !existsSync(resolve(renderer, name, 'index.ts'))) return `\0absent:${name}`
      return null
    },
    load(id) {
      if (!id.startsWith('\0absent:')) return null
      const name = JSON.stringify(id.slice(8))
      return `import { h } from 'vue'; export default { render: () => h('p', { style: 'padding:12px' }, ${name}) }`
    },
  }
}

/** The compiler's library asks for `path` when it starts, although it never reads a file here. */
function noFiles(): Plugin {
  return {
    name: 'no-files',
    enforce: 'pre',
    resolveId: (id) => (id === 'path' ? '\0path' : null),
    load: (id) =>
      id === '\0path'
        ? `const join = (...p) => p.filter(Boolean).join('/')
           const path = { sep: '/', join, resolve: join, extname: (p) => /\\.[^./]*$/.exec(p)?.[0] ?? '',
             dirname: (p) => p.replace(/\\/?[^/]*$/, '') || '.', basename: (p) => p.replace(/^.*\\//, ''),
             relative: (a, b) => b, isAbsolute: (p) => p.startsWith('/'), normalize: (p) => p }
           export default path
           export const { sep, resolve, extname, dirname, basename, relative, isAbsolute, normalize } = path
           export { join }`
        : null,
  }
}

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [absentPanels(), vue()],
  worker: { format: 'es', plugins: () => [noFiles()] },
  build: {
    outDir: process.env.HARNESS_OUT ?? resolve(import.meta.dirname, '../../../out/harness'),
    emptyOutDir: true,
    minify: false,
    sourcemap: false,
  },
})
