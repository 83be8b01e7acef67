#!/usr/bin/env node
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { ensureNodeSide, root } from '../build/ensure.mjs'

await ensureNodeSide()
const { main } = await import(pathToFileURL(join(root, 'out/main/cli.js')).href)
process.exitCode = await main(process.argv.slice(2))
process.exit()
