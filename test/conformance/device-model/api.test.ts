import { expect, test } from 'vitest'
import { labOf, runLab } from '../../sim/lab/lab-kit'

/** Functions as drivers use them: what a lab prints, line by line. */

function said(driver: string, more: Record<string, string> = {}): string[] {
  const { dmesg, findings } = runLab(labOf(driver, more))
  expect(findings.map((f) => f.report)).toEqual([])
  return dmesg.filter((l) => l.includes('KLAB ')).map((l) => l.replace(/.*KLAB /, ''))
}

const HEAD = `
import { module_init, module_exit, module_param_array, module_param_string, request_module, find_module, KBUILD_MODNAME, THIS_MODULE } from 'linux/module'
import * as d from 'linux/device'
import { pr_info } from 'linux/printk'
import { ptr } from 'linux/types'
const say = (what: string, ...more: unknown[]) => pr_info('KLAB ' + what + '\\n', ...more)
`
const body = (init: string, exit = ''): string =>
  `module_init(function demo_init() { ${init}; return 0 })\nmodule_exit(function demo_exit() { ${exit} })\n`
const scenario = (text: string): Record<string, string> => ({
  'scenario.ts': `import { insmod, rmmod, cat, echo } from 'klab/scenario'
import { pr_info } from 'linux/printk'
const say = (what: string, ...more: unknown[]) => pr_info('KLAB ' + what + '\\n', ...more)
export default function () { ${text} }`,
})

test('devices are found by name, number, parent and driver, with a reference', () => {
  const lines = said(`${HEAD}
let cls!: ReturnType<typeof d.class_create>
let top!: d.device
let one!: d.device
let two!: d.device
function demo_init() {
  cls = d.class_create('demo')
  top = d.root_device_register('top')
  one = d.device_create(cls, top, 5, null, 'one')
  two = d.device_create(cls, top, 6, null, 'two')
  const name = (dev: d.device | null) => { const text = dev ? d.dev_name(dev) : 'none'; d.put_device(dev); return text }
  say('name %s', name(d.class_find_device_by_name(cls, 'two')))
  say('devt %s', name(d.class_find_device_by_devt(cls, 5)))
  say('child %s', name(d.device_find_child_by_name(top, 'one')))
  say('none %s', name(d.device_find_child_by_name(top, 'three')))
  say('any %s', name(d.device_find_any_child(top)))
  const order: string[] = []
  d.device_for_each_child_reverse(top, null, (dev) => (order.push(d.dev_name(dev)), 0))
  say('reverse %s', order.join())
  return 0
}
function demo_exit() {
  d.device_unregister(two)
  d.device_unregister(one)
  d.root_device_unregister(top)
  d.class_destroy(cls)
}
module_init(demo_init)
module_exit(demo_exit)`)
  expect(lines).toEqual([
    'name two', 'devt one', 'child one', 'none none', 'any one', 'reverse two,one',
  ])
})

test('files of variables, groups of a device, and a file that removes itself', () => {
  const lines = said(
    `${HEAD}
const level = ptr(3)
const on = ptr(true)
const level_attr = d.DEVICE_INT_ATTR('level', 0o644, level)
const on_attr = d.DEVICE_BOOL_ATTR('on', 0o644, on)
const gone = d.DEVICE_ATTR_WO('gone', (dev, attr, buf, count) => {
  say('self %d', Number(d.device_remove_file_self(dev, gone)))
  return count
})
const group = { name: 'extra', attrs: [level_attr.attr] }
let dev!: d.device
${body(
  `dev = d.root_device_register('top')
  say('groups %d', d.device_add_groups(dev, [{ attrs: [level_attr, on_attr, gone] }]))
  say('group %d', d.device_add_group(dev, group))`,
  `d.device_remove_group(dev, group); d.root_device_unregister(dev)`,
)}`,
    scenario(`insmod('driver')
  say('read %s', cat('/sys/devices/top/level').trim())
  echo('/sys/devices/top/level', '42')
  echo('/sys/devices/top/on', 'n')
  say('read %s %s', cat('/sys/devices/top/extra/level').trim(), cat('/sys/devices/top/on').trim())
  say('bad %d', echo('/sys/devices/top/level', 'x'))
  say('gone %d', echo('/sys/devices/top/gone', '1'))
  say('again %d', echo('/sys/devices/top/gone', '1'))
  rmmod('driver')`),
  )
  expect(lines).toEqual([
    'groups 0', 'group 0', 'read 3', 'read 42 0', 'bad -22', 'self 1', 'gone 1', 'again -2',
  ])
})

test('lists and texts as parameters; what is too long or no number is refused', () => {
  const lines = said(
    `${HEAD}
const given = ptr(0)
const ports = module_param_array('ports', [0, 0, 0], given, 0o444)
const label = module_param_string('label', 'none', 8, 0o444)
${body(`say('%d ports %d %d, label %s of %s', given.value, ports.value[0], ports.value[1], label.value, KBUILD_MODNAME)`)}`,
    scenario(`insmod('driver', 'ports=7,9 label=short')
  say('read %s', cat('/sys/module/driver/parameters/ports').trim())
  rmmod('driver')
  say('many %d', insmod('driver', 'ports=1,2,3,4'))
  say('long %d', insmod('driver', 'label=longerthanthat'))`),
  )
  expect(lines).toEqual(['2 ports 7 9, label short of driver', 'read 7,9', 'many -22', 'long -28'])
})

test('request_module loads another module of the lab; find_module finds it', () => {
  const { dmesg } = runLab({
    id: 'test',
    files: {
      'lab.json': JSON.stringify({
        title: 'test',
        modules: [{ name: 'driver', entry: 'driver.ts' }, { name: 'other', entry: 'other.ts' }],
      }),
      'driver.ts': `${HEAD}${body(`say('before %d', Number(find_module('other') !== null))
  say('request %d', request_module('other'))
  say('after %d', Number(find_module('other') !== null))
  say('missing %d', request_module('no-%s', 'such'))`)}`,
      'other.ts': `${HEAD}${body("say('other')")}`,
      'scenario.ts': `import { insmod, rmmod } from 'klab/scenario'
export default function () { insmod('driver'); rmmod('driver'); rmmod('other') }`,
    },
  })
  expect(dmesg.filter((l) => l.includes('KLAB')).map((l) => l.replace(/.*KLAB /, ''))).toEqual([
    'before 0', 'other', 'request 0', 'after 1', 'missing 256',
  ])
})

test('DM-43: managed memory grows, resources of one\'s own are found and taken out', () => {
  const lines = said(`${HEAD}
import { platform_device_register_simple, platform_device_unregister, platform_driver_register, platform_driver_unregister, platform_get_irq_byname, type platform_device } from 'linux/platform_device'
const release = (dev: d.device, res: { n: number }) => { say('release %d', res.n) }
const match = (dev: d.device, res: { n: number }, n: number) => res.n === n
const drv = {
  driver: { name: 'x' },
  probe(pdev: platform_device) {
    const { dev } = pdev
    const small = d.devm_kzalloc(dev, 4, 0)!
    small[0] = 9
    const big = d.devm_krealloc(dev, small, 64, 0)!
    say('krealloc %d %d', big[0], big.length)
    for (const n of [1, 2, 3]) d.devres_add(dev, d.devres_alloc(release, { n }, 0)!)
    say('find %d', d.devres_find(dev, release, match, 2)!.n)
    say('remove %d', d.devres_remove(dev, release, match, 1)!.n)
    say('destroy %d %d', d.devres_destroy(dev, release, match, 2), d.devres_destroy(dev, release, match, 2))
    say('irq %d', platform_get_irq_byname(pdev, 'tx'))
    return 0
  },
}
let pdev!: platform_device
${body(
  `pdev = platform_device_register_simple('x', -1, null, 0); platform_driver_register(drv)`,
  `platform_driver_unregister(drv); platform_device_unregister(pdev)`,
)}`)
  expect(lines).toEqual([
    'krealloc 9 64', 'find 2', 'remove 1', 'destroy 0 -2', 'irq -6', 'release 3',
  ])
})

test('poll on a file under /sys wakes when the driver notifies', () => {
  const lines = said(
    `${HEAD}
import { sysfs_notify } from 'linux/sysfs'
const attr = d.DEVICE_ATTR_RO('state', (dev, attr, buf) => 0)
const kick = d.DEVICE_ATTR_WO('kick', (dev, attr, buf, count) => { sysfs_notify(dev.kobj, null, 'state'); return count })
let dev!: d.device
${body(
  `dev = d.root_device_register('top'); d.device_create_file(dev, attr); d.device_create_file(dev, kick)`,
  `d.root_device_unregister(dev)`,
)}`,
    {
      'user.ts': `import { open, poll, printf, O_RDONLY, read, POLLERR } from 'user/libc'
export function watcher() {
  const fds = [{ fd: open('/sys/devices/top/state', O_RDONLY), events: 2, revents: 0 }]
  read(fds[0]!.fd, new Uint8Array(8), 8)
  const ready = poll(fds, 1, 10)
  printf('KLAB quiet %d\\n', ready)
  printf('KLAB ready %d %d\\n', poll(fds, 1, 1000), fds[0]!.revents & POLLERR)
  return 0
}`,
      'scenario.ts': `import { insmod, rmmod, echo, spawn, wait, msleep } from 'klab/scenario'
import { watcher } from './user'
export default function () {
  insmod('driver')
  const p = spawn(watcher)
  msleep(50)
  echo('/sys/devices/top/kick', '1')
  wait(p)
  rmmod('driver')
}`,
    },
  )
  expect(lines).toEqual(['quiet 0', 'ready 1 8'])
})

test('DM-15: a node of the device tree finds its driver before the id table and the name do', () => {
  const lines = said(
    `${HEAD}
import { platform_driver_register, platform_driver_unregister, type platform_device } from 'linux/platform_device'
import { device_get_match_data, device_property_match_string, device_property_read_u32 } from 'linux/property'
const probe = (pdev: platform_device) => {
  const depth = ptr(0)
  device_property_read_u32(pdev.dev, 'depth', depth)
  say('%s is %s, depth %d, dma %d', d.dev_name(pdev.dev), device_get_match_data(pdev.dev) ?? 'nothing', depth.value, device_property_match_string(pdev.dev, 'dma-names', 'tx'))
  return 0
}
const drv = { driver: { name: 'new-uart', of_match_table: [{ compatible: 'acme,old', data: 'old' }, { compatible: 'acme,new', data: 'new' }] }, probe }
${body('platform_driver_register(drv)', 'platform_driver_unregister(drv)')}`,
    {
      'machine.ts': `import { machine } from 'klab/machine'
export default machine({ platform: [{ name: 'uart', properties: { compatible: ['acme,new', 'acme,old'], depth: 16, 'dma-names': ['rx', 'tx'] } }] })`,
    },
  )
  expect(lines).toEqual(['uart is new, depth 16, dma 1'])
})

test('kobjects below /sys/kernel', () => {
  const lines = said(
    `${HEAD}
import { kernel_kobj, kobject_create_and_add, kobject_put, type kobject } from 'linux/kobject'
import { sysfs_create_group, sysfs_emit, __ATTR_RO } from 'linux/sysfs'
const answer = __ATTR_RO('answer', (kobj, attr, buf) => sysfs_emit(buf, '%d\\n', 42))
let kobj!: kobject
${body(`kobj = kobject_create_and_add('demo', kernel_kobj)!; sysfs_create_group(kobj, { attrs: [answer.attr] })`, 'kobject_put(kobj)')}`,
    scenario(`insmod('driver'); say('%s', cat('/sys/kernel/demo/answer').trim()); rmmod('driver')`),
  )
  expect(lines).toEqual(['42'])
})

test('DM-72: the memory of an allocated cdev goes with its last reference', () => {
  const cdev = `${HEAD}
import { cdev_alloc, cdev_add, cdev_del } from 'linux/cdev'
import { alloc_chrdev_region, unregister_chrdev_region } from 'linux/fs'
const dev = ptr(0)
const c = () => { const c = cdev_alloc()!; c.ops = {}; cdev_add(c, dev.value, 1); cdev_del(c); return c }
`
  expect(
    said(`${cdev}${body(`alloc_chrdev_region(dev, 0, 1, 'c'); c(); say('gone')`, 'unregister_chrdev_region(dev.value, 1)')}`),
  ).toEqual(['gone'])
  const twice = labOf(`${cdev}${body(`alloc_chrdev_region(dev, 0, 1, 'c'); cdev_del(c())`)}`)
  expect(runLab(twice).findings.map((f) => f.kind)).toContain('kasan.use-after-free')
})

test('DM-76: deregistering what was never registered walks a list that is not there', () => {
  const { findings } = runLab(
    labOf(`${HEAD}
import { misc_deregister, miscdevice } from 'linux/miscdevice'
${body(`misc_deregister(new miscdevice({ name: 'm', fops: {} }))`)}`),
  )
  expect(findings.map((f) => f.kind)).toEqual(['oops.null-deref'])
})

test('DM-74: a file that asked for signals is taken off the list before its release', () => {
  const lines = said(
    `${HEAD}
import { misc_register, misc_deregister, miscdevice } from 'linux/miscdevice'
import { fasync_helper, kill_fasync, SIGIO, POLL_IN, type fasync_struct, type file, type inode } from 'linux/fs'
const list = ptr<fasync_struct | null>(null)
const fops = {
  owner: THIS_MODULE,
  fasync: (fd: number, f: file, on: number) => { const ret = fasync_helper(fd, f, on, list); say('fasync fd %d on %d: %d', fd, on, ret); return ret },
  unlocked_ioctl: () => { kill_fasync(list, SIGIO, POLL_IN); return 0 },
  release: (node: inode, f: file) => { say('release, list %s', list.value ? 'full' : 'empty'); return 0 },
}
const m = new miscdevice({ name: 'demo', fops })
${body('misc_register(m)', 'misc_deregister(m)')}`,
    {
      'user.ts': `import { open, close, fasync } from 'user/libc'
export function watcher() {
  const fd = open('/dev/demo')
  fasync(fd, 1)
  fasync(fd, 1)
  close(fd)
  return 0
}`,
      'scenario.ts': `import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { watcher } from './user'
export default function () { insmod('driver'); wait(spawn(watcher)); rmmod('driver') }`,
    },
  )
  expect(lines).toEqual([
    'fasync fd 3 on 1: 1', 'fasync fd 3 on 1: 0', 'fasync fd -1 on 0: 1', 'release, list empty',
  ])
})
