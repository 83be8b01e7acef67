import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import * as tools from '../../kernel/base/module-tools'
import { shutDownDevices } from '../../kernel/base/shutdown'
import { findFile, showFile, storeFile } from '../../kernel/base/sysfs'
import { emit } from '../../kernel/emit'
import { EINVAL } from '../../kernel/errno'
import { DEBUGFS_ROOT } from '../../kernel/fs/debugfs/open'
import { readWhole, writeWhole } from '../../kernel/fs/open'
import { spawnProcess, type Process } from '../../kernel/fs/process'
import { nmis } from '../../kernel/irq/nmi'
import { faultInjection } from '../../kernel/mm/fault-injection'
import { insert, pressButton, unplug as unplugSlot } from '../../kernel/pci/hotplug'
import { reportError, type BusError } from '../../kernel/pci/recovery'
import { current, scheduleTimeoutNs } from '../../kernel/sched/schedule'
import { sendSignal } from '../../kernel/sched/signal'
import { workqueues } from '../../kernel/workqueue/workqueues'
import { plugUsb, unplugUsb } from '../../kernel/usb/hub'
import { isUsbPort } from '../../kernel/usb/places'
import { note as noteEvent } from '../../trace/events'
import { runParameters } from '../../kernel/run-parameters'
import { freezer } from '../../kernel/sched/freezer'
import { runTaskWork } from '../../kernel/sched/task-work'
import { settle } from '../../kernel/sched/settle'

/**
 * What a scenario can do to the machine: `klab/scenario`. A scenario is the person at the
 * keyboard: it loads modules, plugs and unplugs, starts programs and waits.
 */

/** `insmod`: loads a module of the lab, `insmod('driver', 'debug=1')`. 0 or -errno. */
export const insmod = kernelCall('insmod', (name: string, parameters: string = '') =>
  tools.insmod(machine(), name, parameters),
)

/**
 * `rmmod`: unloads a module. 0, or -errno: -EWOULDBLOCK while somebody pins it. With `force` (as
 * `rmmod -f`) not even then, where the kernel is built with MODULE_FORCE_UNLOAD.
 */
export const rmmod = kernelCall('rmmod', (name: string, { force = false } = {}) =>
  tools.rmmod(machine(), name, force),
)

/**
 * Puts the card of a slot (back) in, with all its functions, or the device of a USB port (`1-1`).
 * Returns when drivers have been asked. 0 or -errno.
 */
export const plug = kernelCall('plug', function* (slot: string): Sim<number> {
  return yield* (isUsbPort(slot) ? plugUsb : insert)(machine(), slot)
})

/**
 * Orderly removal: drivers are unbound while the device still answers. A USB device is pulled out,
 * which is always a surprise. Returns when drivers are gone. 0 or -errno.
 */
export const unplug = kernelCall('unplug', function* (slot: string): Sim<number> {
  return isUsbPort(slot) ? yield* unplugUsb(machine(), slot) : yield* unplugSlot(machine(), slot, false)
})

/** The device is torn out: reads give all ones before any driver knows. 0 or -errno. */
export const surprise_remove = kernelCall('surprise_remove', function* (slot: string): Sim<number> {
  return isUsbPort(slot) ? yield* unplugUsb(machine(), slot) : yield* unplugSlot(machine(), slot, true)
})

/**
 * Presses the attention button of a slot: after five seconds the device is removed in an orderly
 * way, or put back in. A second press within that time cancels. 0 or -errno.
 */
export const press_button = kernelCall('press_button', function* (slot: string): Sim<number> {
  return yield* pressButton(machine(), slot)
})

/** Sends a CPU a non-maskable interrupt, as a debug button does. -EINVAL for a CPU that is not. */
export const inject_nmi = kernelCall('inject_nmi', function (cpu: number = 0): number {
  const target = machine().cpus[cpu]
  if (target === undefined) return -EINVAL
  nmis(machine()).raise(machine(), target)
  return 0
})

/**
 * The device in a slot reports an error on its link, and the recovery runs: 'correctable' ones are
 * only told, 'nonfatal' ones ask the drivers, after 'fatal' ones nothing answers until the link
 * is reset. 0 or -errno.
 */
export const pci_error = kernelCall(
  'pci_error',
  function* (slot: string, kind: BusError): Sim<number> {
    return yield* reportError(machine(), slot, kind)
  },
)

/** Shuts the machine down: `shutdown` functions, last device first; nothing is unbound (DM-106). */
export const shutdown = kernelCall('device_shutdown', shutDownDevices)

/**
 * Writes a file under /sys or /proc, a device node, or a line of the kernel log:
 * `echo('/sys/bus/pci/drivers/x/unbind', '0000:01:00.0')`, `echo('/dev/kmsg', '<5>now')`.
 * Bytes or -errno.
 */
export const echo = kernelCall('echo', function* (path: string, text: string): Sim<number> {
  const ret = isSysfs(path) ? yield* storeSysfs(path, text) : yield* writeWhole(path, text)
  yield* runTaskWork(current())
  return ret
})

/** Reads a file under /sys or /proc, or a device node: its text, or -errno. */
export const cat = kernelCall('cat', function* (path: string): Sim<string | number> {
  const ret = isSysfs(path) ? yield* showSysfs(path) : yield* readWhole(path)
  yield* runTaskWork(current())
  return ret
})

function isSysfs(path: string): boolean {
  if (!path.startsWith('/sys/') || path.startsWith(`${DEBUGFS_ROOT}/`)) return false
  const file = findFile(path)
  return typeof file === 'number' || file.ops.binary === undefined
}

function* storeSysfs(path: string, text: string): Sim<number> {
  const file = findFile(path)
  return typeof file === 'number' ? file : yield* storeFile(file, text)
}

function* showSysfs(path: string): Sim<string | number> {
  const file = findFile(path)
  return typeof file === 'number' ? file : yield* showFile(file)
}

/**
 * Memory becomes so short that no kernel thread can be made (true), or recovers (false): queues
 * with WQ_MEM_RECLAIM go on by their rescuers, others wait (WQ-14).
 */
export function starve_workers(on: boolean): void {
  workqueues(machine()).starved = on
}

/**
 * Freezes kernel threads and workqueues that can be frozen, as before the machine is put to
 * sleep, or thaws them.
 */
export function freeze(on: boolean): void {
  freezer(machine()).freeze(on)
  workqueues(machine()).freeze(on)
}

/**
 * The next call of `call` (`kmalloc`, `request_irq`, `device_add`, ...) that a driver makes fails,
 * as if memory were short: `fail_next('device_add')`.
 */
export function fail_next(call: string): void {
  faultInjection(machine()).failNext(call)
}

/** Starts a user program in a process of its own. */
export function spawn<Args extends unknown[]>(
  program: (...args: Args) => unknown,
  ...args: Args
): Process {
  return spawnProcess(machine(), program.name || 'program', () => program(...args))
}

/** Waits until a process has ended; its exit code. */
export const wait = kernelCall('wait', function* (process: Process): Sim<number> {
  yield* process.ended.waitUntil(
    () => process.exitCode !== null,
    process,
    `the end of ${process.name}`,
  )
  return process.exitCode ?? 0
})

/** Kills a process: it ends when it next returns from the kernel, and its files are closed. */
export function kill(process: Process): void {
  sendSignal(process.task, 9)
}

/** Sleeps in virtual time. */
export const msleep = kernelCall('msleep', function* (ms: number): Sim {
  yield* scheduleTimeoutNs(ms * 1_000_000, 'msleep', 'interruptible')
})
export const usleep = kernelCall('usleep', function* (us: number): Sim {
  yield* scheduleTimeoutNs(us * 1_000, 'usleep', 'interruptible')
})

/**
 * The value of a parameter that `lab.json` declares under `params`: what was chosen for this run,
 * or the usual one.
 */
export const param = quiet(function param(name: string): string {
  const value = runParameters(machine()).get(name)
  if (value === undefined)
    throw new Error(`lab.json declares no parameter '${name}': add it under "params".`)
  return value
})

/** Puts a note on the timeline. */
export function note(text: string): void {
  emit(noteEvent, text, null)
}

/** Waits until nothing is queued, armed or under way any more (ten seconds at most). */
export const run_until_quiet = kernelCall('run_until_quiet', function* (): Sim {
  yield* settle(machine())
})
