import { join } from 'node:path'
import { createServer, loadConfigFromFile } from 'vite'
import { root } from '../build/ensure.mjs'

/** `npm run dev`: the web app with hot reload. */
const { config } = await loadConfigFromFile({ command: 'serve', mode: 'development' }, join(root, 'electron.vite.config.ts'), root)
const server = await createServer({ configFile: false, ...config.renderer, server: { host: '127.0.0.1', port: 5179 } })
await server.listen()
server.printUrls()
