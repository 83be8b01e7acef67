import { expect, test } from 'vitest'
import { compile, labOf, start } from './lab-kit'
import { kernelLog } from '../../../src-sim/kernel/printk/log'

const lines = (driver: string): string[] => {
  const { machine } = start(compile(labOf(driver)))
  machine.run()
  return kernelLog(machine).lines.map((line) => line.text)
}

test('a place is in the innermost function that is written around it', () => {
  const said = lines(`
    import { module_init, module_exit } from 'linux/module'
    import { WARN_ON } from 'linux/bug'
    function both(f: () => void): void { f() }
    module_init(() => {
      both(() => { WARN_ON(1) }); WARN_ON(2)
      return 0
    })
    module_exit(() => {})
  `)
  const frames = said.filter((line) => /^ (lambda|lambda.lambda|both)\+/.test(line))
  expect(frames.map((line) => line.trim().split('+')[0])).toEqual(
    ['lambda.lambda', 'both', 'lambda', 'lambda'])
})

test('the kernel prints the names of functions, and of those without a name where they stand', () => {
  const said = lines(`
    import { module_init, module_exit } from 'linux/module'
    import { notifier_block } from 'linux/notifier'
    import { pr_info } from 'linux/printk'
    const held = () => {}
    function declared(): void {}
    module_init(() => {
      pr_info('%ps %ps', declared, held)
      outer()
      return 0
    })
    function outer(): void {
      pr_info('%ps', () => {})
      const block = new notifier_block()
      block.notifier_call = () => 0
      pr_info('%ps', block.notifier_call)
      pr_info('%ps', { probe: () => 0 }.probe)
    }
    module_exit(() => {})
  `)
  expect(said).toEqual([
    'declared [driver] held [driver]',
    'outer.lambda [driver]',
    'notifier_call [driver]',
    'probe',
  ])
})
