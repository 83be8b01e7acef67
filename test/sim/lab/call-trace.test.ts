import { expect, it } from 'vitest'
import { labOf, runLab } from './lab-kit'

const DRIVER = `
import { kref, kref_init, kref_put } from 'linux/kref'
import { container_of } from 'linux/container_of'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { module_init } from 'linux/module'
import { msleep } from 'linux/delay'
class box { ref = new kref(); n = 0 }
function release(ref: kref) {
  const b = container_of(ref, box, 'ref')
  msleep(1)
  kfree(b)
  b.n++
}
function put(b: box) { kref_put(b.ref, release) }
function init() {
  const b = kzalloc(box, GFP_KERNEL)!
  kref_init(b.ref)
  put(b)
  return 0
}
module_init(init)
`

it('names kref_put between the release function and its caller, each once', () => {
  const [finding] = runLab(labOf(DRIVER), {}).findings
  const functions = finding!.stacks[0]!.frames.map((frame) => frame.function)
  expect(functions.slice(0, 4)).toEqual(['release', 'kref_put', 'put', 'init'])
})
