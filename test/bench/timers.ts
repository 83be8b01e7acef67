import { Machine } from '../../src-sim/engine/machine'
import { mod_timer, timer_list, timer_setup } from '../../src-sim/linux/timer'
import { get_jiffies_64 } from '../../src-sim/linux/jiffies'
import { seconds, type Figure } from './figure'

const EVENTS = 100_000

/** The engine's own events: each schedules the next. */
function bare(pending: number): void {
  const machine = new Machine({ cpus: 1 })
  let left = EVENTS
  const again = (): void => {
    if (left-- > 0) machine.at(machine.nowNs + 1000, 'event', null, again)
  }
  for (let i = 0; i < pending; i++) machine.at(i, 'event', null, again)
  machine.run()
}

/** Kernel timers that arm themselves again: interrupt, softirq, timer wheel, callback. */
function kernelTimers(pending: number): void {
  const machine = new Machine({ cpus: 1 })
  let left = EVENTS
  machine.inside(() => {
    const again = (timer: timer_list): void => {
      if (left-- > 0) mod_timer(timer, get_jiffies_64() + 1)
    }
    for (let i = 0; i < pending; i++) {
      const timer = new timer_list()
      timer_setup(timer, again, 0)
      mod_timer(timer, get_jiffies_64() + 1)
    }
  })
  machine.run()
}

export function timerFigures(): Figure[] {
  return [1, 100, 1000].flatMap((pending) => [
    {
      name: `events that schedule the next, ${pending} pending`,
      figure: EVENTS / seconds(() => bare(pending)),
      unit: '/s',
      budget: 'goal 4,700,000 (ns-3 4,700,000, simjs 1,300,000)',
    },
    {
      name: `kernel timers that arm themselves again, ${pending} pending`,
      figure: EVENTS / seconds(() => kernelTimers(pending)),
      unit: '/s',
      budget: '>= 1,500,000 (ns-3 4,700,000, simjs 1,300,000)',
    },
  ])
}
