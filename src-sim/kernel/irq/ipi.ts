import type { Cpu } from '../../engine/cpu'
import { cpu as thisCpu, machine, now } from '../../engine/current'
import { call, spinOn, type Sim } from '../../engine/suspend'
import { named } from '../api'
import { acquireOn, releaseOn } from '../locking/access'
import { warn } from '../printk/warn'
import { preemptDisable, preemptEnable } from '../sched/schedule'
import { hardirq } from './hardirq'
import { localIrqRestore, localIrqSave } from './irqflags'

/** A function to be called on another CPU. */
interface CrossCall {
  fn: (info: never) => unknown
  info: unknown
  done: boolean
}

const crossCallInterrupt = named('sysvec_call_function', function* (cross: CrossCall): Sim {
  yield* hardirq(cross, 'call_function', function* () {
    acquireOn(cross)
    yield* call(() => cross.fn(cross.info as never))
    releaseOn(cross)
    cross.done = true
    machine().unspin(cross)
  })
})

function send(cpu: Cpu, fn: (info: never) => unknown, info: unknown): CrossCall {
  const cross: CrossCall = { fn, info, done: false }
  releaseOn(cross)
  machine().interrupt(cpu, {
    name: 'call_function',
    source: cross,
    start: () => crossCallInterrupt(cross),
  })
  return cross
}

function* finished(cross: CrossCall): Sim {
  while (!cross.done) yield spinOn(cross)
  acquireOn(cross)
}

/** Waiting for other CPUs with interrupts off: two that do so wait for each other. */
function checkContext(where: string): void {
  if (now.cpu?.irqsOff) warn(machine(), 'smp-call-irqs-off', `kernel/smp.c at ${where}`, null)
}

/** Calls on one CPU: in an interrupt there, or here with interrupts off. 0. */
export function* callOnCpu(
  cpu: Cpu,
  fn: (info: never) => unknown,
  info: unknown,
  wait: boolean,
): Sim<number> {
  preemptDisable()
  if (cpu === thisCpu()) yield* callHere(fn, info)
  else {
    checkContext('smp_call_function_single')
    const cross = send(cpu, fn, info)
    if (wait) yield* finished(cross)
  }
  preemptEnable()
  return 0
}

function* callHere(fn: (info: never) => unknown, info: unknown): Sim {
  const flags = localIrqSave()
  yield* call(() => fn(info as never))
  localIrqRestore(flags)
}

/** Calls on all CPUs of a mask at the same time; on this one too when `here` says so. */
export function* callOnCpus(
  mask: number,
  fn: (info: never) => unknown,
  info: unknown,
  wait: boolean,
  here: boolean,
): Sim {
  preemptDisable()
  const self = thisCpu()
  const others = machine().cpus.filter((cpu) => cpu !== self && (mask >>> cpu.id) & 1)
  if (others.length > 0) checkContext('smp_call_function_many_cond')
  const sent = others.map((cpu) => send(cpu, fn, info))
  if (here && (mask >>> self.id) & 1) yield* callHere(fn, info)
  if (wait) for (const cross of sent) yield* finished(cross)
  preemptEnable()
}
