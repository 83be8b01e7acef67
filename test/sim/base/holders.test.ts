import { expect, test } from 'vitest'
import { recorder } from '../../../src-sim/kernel/emit'
import { Trace, type EventRecord, type StateView } from '../../../src-sim/trace'
import { compile, labOf, readBuiltin, start } from '../lab/lab-kit'

/** Who holds which reference, read from the trace of a whole run. */

const DRIVER = `
import { class_create, class_destroy, device_create, device_destroy, get_device, put_device, type device } from 'linux/device'
import { miscdevice, misc_register, misc_deregister } from 'linux/miscdevice'
import { module_init, module_exit, THIS_MODULE } from 'linux/module'
import type { file, inode } from 'linux/fs'

let cls!: ReturnType<typeof class_create>
let dev!: device
const demo_open = (_inode: inode, f: file) => { f.private_data = get_device(dev); return 0 }
const demo_release = (_inode: inode, f: file) => { put_device(f.private_data); return 0 }
const misc = new miscdevice({ name: 'demo', fops: { owner: THIS_MODULE, open: demo_open, release: demo_release } })

module_init(function demo_init() {
  cls = class_create('demo')
  dev = device_create(cls, null, 0, null, 'thing')
  return misc_register(misc)
})
module_exit(function demo_exit() {
  misc_deregister(misc)
  device_destroy(cls, 0)
  class_destroy(cls)
})
`
const USER = `
import { close, open, printf, usleep } from 'user/libc'
export function client() {
  const fd = open('/dev/demo')
  usleep(10000)
  close(fd)
  return 0
}
`
const SCENARIO = `
import { insmod, msleep, rmmod, spawn, wait } from 'klab/scenario'
import { client } from './user'
export default function () {
  insmod('driver')
  const p = spawn(client)
  msleep(1)
  rmmod('driver')
  wait(p)
  rmmod('driver')
}
`

function traced(): { trace: Trace; events: EventRecord[] } {
  const lab = labOf(DRIVER, { 'user.ts': USER, 'scenario.ts': SCENARIO })
  const booted = start(compile(lab))
  booted.machine.run()
  expect(booted.machine.findings.map((f) => f.report)).toEqual([])
  const trace = new Trace(recorder(booted.machine).writer!.store)
  return { trace, events: Array.from(trace.events(0, trace.length)) }
}

/** `holder: why` of every counted edge of the object with this name and type. */
function holders(state: StateView, type: string, name: string): { refs: number; by: string[] } {
  const object = state.objects.find((o) => o.type === type && o.name === name)!
  const edges = state.edges.filter((e) => e.held === object.id && e.counted)
  const text = (id: number): string => state.objects.find((o) => o.id === id)?.type ?? 'context'
  return {
    refs: object.refs!,
    by: edges.flatMap((e) => Array<string>(e.count).fill(`${text(e.holder)}: ${e.why}`)).sort(),
  }
}

test('every reference of a device has a holder and a reason while it lasts', () => {
  const { trace, events } = traced()
  const opened = events.find((e) => e.name === 'fd_install')!
  expect(holders(trace.stateAt(opened.index), 'device', 'thing')).toEqual({
    refs: 3,
    by: ['class: list of the class', 'module: created in demo_init()', 'module: taken in demo_open()'],
  })
  const closed = events.find((e) => e.name === 'file_release')!
  expect(holders(trace.stateAt(closed.index), 'device', 'thing')).toEqual({
    refs: 2,
    by: ['class: list of the class', 'module: created in demo_init()'],
  })
  const end = trace.stateAt(trace.length - 1)
  const { id } = trace.stateAt(opened.index).objects.find((o) => o.name === 'thing')!
  expect(end.edges.filter((e) => e.held === id)).toEqual([])
})

test('a refused rmmod says who is in the way, and so does the module at any moment', () => {
  const { trace, events } = traced()
  const busy = events.filter((e) => e.name === 'module_busy')
  expect(busy.map((e) => [e.args[1], e.args[2]])).toEqual([
    [-11, '/dev/demo: operations of an open file'],
  ])
  expect(holders(trace.stateAt(busy[0]!.index), 'module', 'driver')).toEqual({
    refs: 1,
    by: ['file: operations of an open file'],
  })
})

test.each(['bug-01-fixed', 'bug-11-fixed', 'bug-13-fixed', 'bug-18-fixed'])(
  '%s: at any moment the named references of a device or module add up to its count',
  (id) => {
    const booted = start(compile(readBuiltin(id)))
    booted.machine.run()
    const trace = new Trace(recorder(booted.machine).writer!.store)
    let seen = 0
    for (let part = 1; part <= 20; part++) {
      const state = trace.stateAt(Math.floor(((trace.length - 1) * part) / 20))
      for (const object of state.objects) {
        if (object.refs === null || !/device|module|pci_dev/.test(object.type)) continue
        const mine = state.edges.filter((e) => e.held === object.id && e.counted)
        const named = mine.reduce((sum, e) => sum + e.count, 0)
        expect([object.name, named]).toEqual([object.name, object.refs])
        seen++
      }
    }
    expect(seen).toBeGreaterThan(0)
  },
)
