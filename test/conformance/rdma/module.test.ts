import { expect, test } from 'vitest'
import { labOf, runLab } from '../../sim/lab/lab-kit'

/** A verbs driver without hardware; with `more` operations. */
const driver = (more: string): string => `
import { THIS_MODULE, module_exit, module_init } from 'linux/module'
import { ib_alloc_device, ib_dealloc_device, ib_device, ib_register_device, ib_set_device_ops, ib_unregister_device } from 'rdma/ib_verbs'
class hca { ib = new ib_device() }
let h: hca
module_init(() => {
  h = ib_alloc_device(hca, 'ib')!
  ib_set_device_ops(h.ib, { owner: THIS_MODULE, alloc_ucontext: () => 0, ${more} })
  return ib_register_device(h.ib, 'demo%d', null)
})
module_exit(() => { ib_unregister_device(h.ib); ib_dealloc_device(h.ib) })
`
const SCENARIO = `
import { insmod, msleep, rmmod, spawn, wait } from 'klab/scenario'
import { close, open, O_RDWR, usleep } from 'user/libc'
import { pr_info } from 'linux/printk'
function client() {
  const fd = open('/dev/infiniband/uverbs0', O_RDWR)
  usleep(50000)
  close(fd)
  return 0
}
export default function () {
  insmod('driver')
  const process = spawn(client)
  msleep(10)
  pr_info('say %d while open\\n', rmmod('driver'))
  wait(process)
  pr_info('say %d afterwards\\n', rmmod('driver'))
}`

function said(more: string): string[] {
  const { dmesg, findings } = runLab(labOf(driver(more), { 'scenario.ts': SCENARIO }))
  expect(findings).toEqual([])
  return dmesg.filter((line) => line.includes('say')).map((line) => line.replace(/.*say /, ''))
}

test('DM-83: without disassociation an open file pins the driver', () => {
  expect(said('')).toEqual(['-11 while open', '0 afterwards'])
})

test('DM-82: with disassociation the driver can be unloaded while files are open', () => {
  expect(said('disassociate_ucontext: () => {}')).toEqual(['0 while open', '-2 afterwards'])
})
