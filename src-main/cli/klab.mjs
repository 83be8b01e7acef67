#!/usr/bin/env node
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { ensureNodeSide, root } from '../build/ensure.mjs'

const args = process.argv.slice(2)
try {
  await ensureNodeSide()
  if (args[0] === 'check') await (await import('../build/driver-api.mjs')).ensureDriverApi()
  if (args[0] === 'serve' || args[0] === 'open') await (await import('../build/build.mjs')).buildAll()
} catch (error) {
  const missing = error.code === 'ERR_MODULE_NOT_FOUND'
  const why = missing ? 'its build tools are not installed; run `npm ci` (without --omit=dev)' : error.message
  console.error(`klab: it could not be built: ${why}`)
  process.exit(missing ? 2 : 3)
}
// A reader that has seen enough, as in `klab run lab | head`, is no failure.
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 3))
const { main } = await import(pathToFileURL(join(root, 'out/main/cli.js')).href)
process.exitCode = await main(args)
process.exit()
