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

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [absentPanels(), vue()],
  worker: { format: 'es' },
  build: {
    outDir: process.env.HARNESS_OUT ?? resolve(import.meta.dirname, '../../../out/harness'),
    emptyOutDir: true,
    minify: false,
    sourcemap: false,
  },
})
