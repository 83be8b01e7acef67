import { echo, insmod, kill, msleep, param, plug, rmmod, spawn, surprise_remove, unplug, usleep, wait } from 'klab/scenario'
import { pr_info } from 'linux/printk'
import { busy, calm, copying, opening, patient, stage, starting_dma, starting_nothing, starting_work } from './user'

const SLOT = '01:00.0'
const UNBIND = '/sys/bus/pci/drivers/edu/unbind'
const DEVICE = '0000:01:00.0'

/** Starts a program and waits until it has come to the point where it is disturbed. */
function start(program: () => number) {
  const before = stage.ready
  const process = spawn(program)
  while (stage.ready === before && process.exitCode === null) usleep(500)
  return process
}

function unbind() {
  echo(UNBIND, DEVICE)
}

/** Disturbs a program that has the device open, lets it go on, and waits for its end. */
function disturb(program: () => number, how: () => void) {
  const process = start(program)
  how()
  stage.disturbed = true
  pr_info('%s has ended with %d\n', process.name, wait(process))
}

function unbind_in(program: () => number, afterMs: number) {
  disturb(program, () => {
    if (afterMs) msleep(afterMs)
    unbind()
  })
}

function process_kill() {
  const process = start(copying)
  msleep(10)
  kill(process)
  wait(process)
  unbind()
}

/** Two persons at once: one unbinds the driver, the other takes the device away. */
function double_remove() {
  disturb(patient, () => {
    const other = spawn(unbind)
    unplug(SLOT)
    wait(other)
    unbind()
  })
}

function hotplug_open() {
  disturb(opening, () => {
    unplug(SLOT)
    msleep(10)
    plug(SLOT)
    msleep(10)
    unplug(SLOT)
  })
}

function rmmod_open() {
  disturb(patient, () => {
    rmmod('driver')
  })
}

/** One entry for each value of the parameter in lab.json. */
const disturbances: Record<string, () => void> = {
  none: () => disturb(calm, () => {}),
  'unbind-idle': () => unbind_in(patient, 0),
  'unbind-in-ioctl': () => unbind_in(busy, 3),
  'unbind-dma': () => unbind_in(starting_dma, 40),
  'unbind-work': () => unbind_in(starting_work, 1),
  'unbind-timer': () => unbind_in(starting_nothing, 20),
  'unbind-irq': () => unbind_in(starting_dma, 96), // the transfer ends after 100 ms
  'surprise-removal': () => disturb(busy, () => surprise_remove(SLOT)),
  'rmmod-open': rmmod_open,
  'process-kill': process_kill,
  'probe-failure': () => disturb(calm, () => {}),
  'double-remove': double_remove,
  'hotplug-open': hotplug_open,
}

/** The driver is loaded, disturbed, and in the end unloaded. */
export default function () {
  insmod('driver')
  disturbances[param('disturbance')]!()
  msleep(200) // what is still under way shows itself
  rmmod('driver')
}
