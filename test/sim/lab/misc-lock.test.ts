import { expect, it } from 'vitest'
import { labOf, runLab } from './lab-kit'

/** A misc device whose open() takes the lock that `exit` may hold when it deregisters. */
const labWith = (exit: string) =>
  labOf(
    `
import { misc_deregister, misc_init, misc_register, miscdevice } from 'linux/miscdevice'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { module_exit, module_init, THIS_MODULE } from 'linux/module'
const lock = DEFINE_MUTEX('demo_lock')
const state = { opens: 0 }
function open() {
  mutex_lock(lock)
  state.opens++
  mutex_unlock(lock)
  return 0
}
const misc = misc_init(new miscdevice(), { name: 'demo', fops: { owner: THIS_MODULE, open } })
function exit() { ${exit} }
module_init(() => misc_register(misc))
module_exit(exit)
`,
    {
      'scenario.ts': `
import { insmod, msleep, rmmod, spawn, wait } from 'klab/scenario'
import { close, open } from 'user/libc'
function client() { close(open('/dev/demo', 2)) }
export default function () {
  insmod('driver')
  const process = spawn(client)
  msleep(5)
  rmmod('driver')
  wait(process)
}
`,
    },
  )

it('DM-77 deregistering under a lock that open() takes is a circular dependency', () => {
  const broken = runLab(labWith('mutex_lock(lock); misc_deregister(misc); mutex_unlock(lock)'))
  expect(broken.findings.map((f) => f.kind)).toEqual(['lockdep.circular'])
  expect(broken.findings[0]!.report.join('\n')).toContain('misc_mtx')
  expect(runLab(labWith('misc_deregister(misc)')).findings).toEqual([])
})

it('DM-77 what open() writes is known to whoever has deregistered', () => {
  const lab = labWith('misc_deregister(misc); if (state.opens > 1) state.opens = 1')
  expect(runLab(lab, { kcsan: true }).findings).toEqual([])
})
