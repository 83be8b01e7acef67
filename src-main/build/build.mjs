import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, loadConfigFromFile } from 'vite'
import { buildOnce, ensureNodeSide, newerThan, root } from './ensure.mjs'
import { writeDriverApi } from './driver-api.mjs'

/** The web app: what `klab serve`, `npm start` and Electron show. */
export async function buildRenderer() {
  const { config } = await loadConfigFromFile({ command: 'build', mode: 'production' }, join(root, 'electron.vite.config.ts'), root)
  await build({ configFile: false, logLevel: 'warn', ...config.renderer })
}

/** Electron's own parts, without needing Electron. */
export async function buildDesktop() {
  const { config } = await loadConfigFromFile({ command: 'build', mode: 'production' }, join(root, 'electron.vite.config.ts'), root)
  const common = { configFile: false, root, logLevel: 'warn', publicDir: false }
  const { main, preload } = config
  const electron = { ssr: true, emptyOutDir: false, minify: false }
  await build({
    ...common,
    define: main.define,
    build: { ...electron, ...main.build, outDir: join(root, 'out/main'), rolldownOptions: { ...main.build.rolldownOptions, input: { index: main.build.rolldownOptions.input.index }, external: ['electron'] } },
  })
  await build({
    ...common,
    ssr: { noExternal: true, external: ['electron'] },
    build: { ...electron, target: 'node20.19', outDir: join(root, 'out/preload'), rolldownOptions: { ...preload.build.rolldownOptions, external: ['electron'] } },
  })
}

const stamp = join(root, 'out/renderer/.built')

export function rendererFresh() {
  return newerThan(stamp, 'src-renderer', 'src-sim', 'src-main', 'resources')
}

export async function buildAll() {
  await ensureNodeSide()
  await buildOnce('app', rendererFresh, async () => {
    writeDriverApi()
    await buildDesktop()
    await buildRenderer()
    writeFileSync(stamp, '')
  })
}

if (import.meta.url === `file://${process.argv[1]}`) await buildAll()
