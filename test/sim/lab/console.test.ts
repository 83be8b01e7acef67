import { expect, test } from 'vitest'
import { compile, labOf, start } from './lab-kit'
import { dmesgText, kernelLog } from '../../../src-sim/kernel/printk/log'

const DRIVER = `
  import { module_init, module_exit, THIS_MODULE } from 'linux/module'
  import { misc_register, misc_deregister, miscdevice, MISC_DYNAMIC_MINOR } from 'linux/miscdevice'
  import { pr_info } from 'linux/printk'
  const misc = new miscdevice()
  misc.minor = MISC_DYNAMIC_MINOR
  misc.name = 'demo'
  misc.fops = { owner: THIS_MODULE, open: () => { pr_info('opened'); return 0 } }
  module_init(() => misc_register(misc))
  module_exit(() => misc_deregister(misc))
`
const USER = `
  import { open, printf, O_RDWR } from 'user/libc'
  export function program(): number {
    printf('begin\\n')
    printf('fd')
    const fd = open('/dev/demo', O_RDWR)
    printf(' %d\\nand', fd)
    printf(' end\\n')
    return 0
  }
`
const SCENARIO = `
  import { insmod, rmmod, spawn, wait } from 'klab/scenario'
  import { program } from './user'
  export default function () {
    insmod('driver')
    wait(spawn(program))
    rmmod('driver')
  }
`

test('lines that programs print stand among those of the kernel', () => {
  const lab = labOf(DRIVER, { 'user.ts': USER, 'scenario.ts': SCENARIO })
  const { machine } = start(compile(lab))
  machine.run()
  const { lines } = kernelLog(machine)
  expect(lines.map((line) => line.text)).toEqual(['begin', 'opened', 'fd 3', 'and end'])
  expect(lines[0]!.context).toBe('program')
  expect(dmesgText(lines[2]!)).toMatch(/^\[ {4}0\.\d{6}\] fd 3$/)
})
