import { build } from 'vite'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Builds what runs under Node: the command line, the local server and the kernel worker. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

export async function buildNodeSide() {
  const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    publicDir: false,
    define: { __KLAB_VERSION__: JSON.stringify(version) },
    build: {
      ssr: true,
      target: 'node20.19',
      outDir: resolve(root, 'out/main'),
      emptyOutDir: false,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        input: {
          cli: resolve(root, 'src-main/cli/cli.ts'),
          'kernel-worker': resolve(root, 'src-main/host/kernel-worker.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js', keepNames: true },
      },
    },
  })
}
