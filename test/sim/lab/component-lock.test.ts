import { expect, it } from 'vitest'
import { labOf, runLab } from './lab-kit'

/** An aggregate of one component; `bind` is what its master does when it is complete. */
const labWith = (bind: string) =>
  labOf(`
import { component_add, component_bind_all, component_compare_dev, component_del, component_master_add_with_match, component_master_del, component_match, component_match_add } from 'linux/component'
import { platform_device_register_simple, platform_device_unregister } from 'linux/platform_device'
import { module_exit, module_init } from 'linux/module'
import { ptr } from 'linux/types'
const part = platform_device_register_simple('part', -1, null, 0)
const extra = platform_device_register_simple('extra', -1, null, 0)
const whole = platform_device_register_simple('whole', -1, null, 0)
const ops = { bind: () => 0, unbind: () => {} }
const master_ops = { bind: () => { ${bind}; return 0 }, unbind: () => {} }
function init() {
  const match = ptr<component_match | null>(null)
  component_match_add(whole.dev, match, component_compare_dev, part.dev)
  component_master_add_with_match(whole.dev, master_ops, match.value)
  component_add(part.dev, ops)
  return 0
}
function exit() {
  component_del(part.dev, ops)
  component_master_del(whole.dev, master_ops)
  for (const pdev of [part, extra, whole]) platform_device_unregister(pdev)
}
module_init(init)
module_exit(exit)
`)

const kindsOf = (bind: string) => runLab(labWith(bind)).findings.map((f) => f.kind)

it('adding a component from a bind callback waits for a mutex that the caller holds', () => {
  const kinds = kindsOf('component_add(extra.dev, ops)')
  expect(kinds).toEqual(expect.arrayContaining(['lockdep.recursive', 'hung-task']))
  expect(kindsOf('').filter((kind) => /lockdep|hung/.test(kind))).toEqual([])
})
