import { kernelCall, quiet } from '../../kernel/api'
import { addStop, closeGate, enterGate, gate, initGate, leaveGate } from '../../kernel/fencing/gate'

/**
 * "Stop everybody, then free" as one object: `klab/gate`. This is no interface of Linux: it says in
 * one place what every driver's `remove` has to achieve in many. Callers that come from outside
 * (system calls) pass the gate; threads of the driver's own (interrupt handlers, timers, works) need
 * no check at all, because the gate knows how to stop each of them. When `gate_close` returns nobody
 * uses what is behind the gate, and it can be freed.
 */
export { gate }

/** An open gate. The memory is the caller's, and must outlive the last `gate_enter`. */
export function gate_init(g: gate, name: string): void {
  initGate(g, name)
}

/** Comes in, if the gate is open. May sleep inside. Any context. Pair: `gate_exit`. */
export const gate_enter = kernelCall('gate_enter', enterGate)
export const gate_exit = kernelCall('gate_exit', leaveGate)

/**
 * Names a thread of the driver's own by what ends it for good, in the order of starting them:
 * `gate_add_stop(g, () => free_irq(irq, d))`. A stop function must wait for a running callback and
 * keep it from being started again. 0; -ENODEV (and stopped at once) when the gate is closed.
 */
export const gate_add_stop = kernelCall('gate_add_stop', addStop)

/**
 * Closes the gate, waits until nobody is inside, and stops the threads, newest first. Sleeps; from
 * inside the gate, or from a thread that it stops, it waits for its own caller.
 */
export const gate_close = kernelCall('gate_close', closeGate)

/** A look: an open gate may be closed a moment later. */
export const gate_is_open = quiet(function gate_is_open(g: gate): boolean {
  return !g.$closed
})
