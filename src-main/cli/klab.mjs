#!/usr/bin/env node
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { ensureNodeSide, root } from '../build/ensure.mjs'

await ensureNodeSide()
const args = process.argv.slice(2)
if (args[0] === 'check') await (await import('../build/driver-api.mjs')).ensureDriverApi()
if (args[0] === 'serve' || args[0] === 'open') await (await import('../build/build.mjs')).buildAll()
// A reader that has seen enough, as in `klab run lab | head`, is no failure.
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 3))
const { main } = await import(pathToFileURL(join(root, 'out/main/cli.js')).href)
process.exitCode = await main(args)
process.exit()
