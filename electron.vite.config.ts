import vue from '@vitejs/plugin-vue'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { noFiles, virtualModules } from './src-main/build/virtual-modules.mjs'

const r = (path: string): string => resolve(import.meta.dirname, path)
const { version } = JSON.parse(readFileSync(r('package.json'), 'utf8')) as { version: string }
const define = { __KLAB_VERSION__: JSON.stringify(version) }
const output = {
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  // Names of classes and functions are shown to people: in traces, stacks and reports.
  keepNames: true,
}

/** Electron's three parts; the web build uses `renderer` alone. */
export default {
  main: {
    define,
    build: {
      target: 'node20.19',
      sourcemap: true,
      rolldownOptions: {
        input: {
          index: r('src-main/desktop/index.ts'),
          cli: r('src-main/cli/cli.ts'),
          'kernel-worker': r('src-main/host/kernel-worker.ts'),
        },
        output,
      },
    },
  },
  preload: {
    build: {
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: r('src-main/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: r('src-renderer'),
    base: './',
    define,
    plugins: [virtualModules(), vue()],
    worker: {
      format: 'es',
      plugins: () => [noFiles()],
      rolldownOptions: { output: { keepNames: true, entryFileNames: 'assets/[name]-[hash].js' } },
    },
    build: {
      outDir: r('out/renderer'),
      emptyOutDir: true,
      sourcemap: false,
      chunkSizeWarningLimit: 20_000,
      rolldownOptions: { input: { index: r('src-renderer/index.html') } },
    },
  },
}
