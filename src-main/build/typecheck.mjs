import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './ensure.mjs'

/** TypeScript 7 on what has no templates, vue-tsc on the rest. */
const fast = join(root, 'node_modules/typescript-7/bin/tsc')
const vue = join(root, 'node_modules/vue-tsc/bin/vue-tsc.js')
let failed = false
for (const [tool, project] of [
  [fast, 'src-sim'],
  [fast, 'src-main'],
  [fast, 'test'],
  [vue, 'src-renderer'],
]) {
  const { status } = spawnSync(process.execPath, [tool, '--noEmit', '-p', join(root, project)], { stdio: 'inherit' })
  if (status !== 0) failed = true
}
process.exit(failed ? 1 : 0)
