import { Machine, type MachineOptions } from '../../src-sim/engine/machine'
import { point, Suspend, type Sim } from '../../src-sim/engine/suspend'
import { kernelLog } from '../../src-sim/kernel/printk/log'

/** Lets hand-written test code call driver-facing functions the way compiled code does. */
export function* sim<T>(result: T): Sim<T> {
  return (result instanceof Suspend ? yield result : result) as T
}

/** A machine whose run ends when `main` does; an expectation that fails in `main` fails the test. */
export function boot(main: () => Sim<unknown>, options: MachineOptions = {}): Machine {
  const machine = new Machine(options)
  let failure: Error | null = null
  const body = guarded(main, (error) => (failure ??= error))
  machine.inside(() => {
    machine.main = machine.spawn('main', body, { cpu: 0, kernel: false })
  })
  const runMachine = machine.run.bind(machine)
  machine.run = (...until) => {
    const stop = runMachine(...until)
    if (failure !== null) throw failure
    return stop
  }
  return machine
}

/** Without this the kernel would take a failed expectation for an oops of the task. */
function* guarded(main: () => Sim<unknown>, tell: (failure: Error) => void): Sim<unknown> {
  try {
    return yield* main()
  } catch (error) {
    if (error instanceof Error && error.name === 'AssertionError') tell(error)
    throw error
  }
}

/** Boots, runs to the end and answers the machine. */
export function run(main: () => Sim<unknown>, options: MachineOptions = {}): Machine {
  const machine = boot(main, options)
  machine.run()
  return machine
}

export const dmesg = (machine: Machine): string[] => kernelLog(machine).lines.map((l) => l.text)

export const kinds = (machine: Machine): string[] => machine.findings.map((f) => f.kind)

/** Calls a driver-facing function with the scheduling point that compiled code has before it. */
export function* kcall<A extends unknown[], R>(f: (...args: A) => R, ...args: A): Sim<R> {
  if (!(f as { $quiet?: true }).$quiet) yield point(f, args[0])
  const result: unknown = f(...args)
  return (result instanceof Suspend ? yield result : result) as R
}
