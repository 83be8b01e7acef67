import { machine as currentMachine } from '../engine/current'
import type { TimedEvent } from '../engine/events'
import type { Machine } from '../engine/machine'
import { KernelObject } from '../engine/object'
import { hardware_state } from '../trace/events'
import { emit } from '../kernel/emit'

/** What all device models have: a name, and things that take time. */
export class timed_model extends KernelObject {
  name = 'device'
  /** @internal */
  readonly $events = new Set<TimedEvent>()
  /** @internal */
  $machine: Machine = currentMachine()

  /** @internal What the trace shows its states of. */
  get $object(): object {
    return this
  }

  /** @internal It was taken out: nothing goes on. */
  get $gone(): boolean {
    return false
  }

  /** Stops everything that was going on. Overriding models call `super.reset()`. */
  reset(): void {
    for (const event of this.$events) this.$machine.events.cancel(event)
    this.$events.clear()
  }

  /** Calls `step` in `ns` nanoseconds of virtual time, unless the device is reset or gone. */
  after(ns: number, what: string, step: () => void): void {
    const machine = this.$machine
    emit(hardware_state, this.$object, what)
    const event = machine.at(machine.nowNs + ns, `${this.name} ${what}`, this, () => {
      this.$events.delete(event)
      if (this.$gone) return
      emit(hardware_state, this.$object, 'idle')
      machine.runtime.atomic(step())
    })
    this.$events.add(event)
  }

  /** Shows what the device is doing, on the timeline. */
  show_state(text: string): void {
    emit(hardware_state, this.$object, text)
  }
}
