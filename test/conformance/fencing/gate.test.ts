import { expect, test } from 'vitest'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { ENODEV } from '../../../src-sim/linux/errno'
import { jiffies, msecs_to_jiffies } from '../../../src-sim/linux/jiffies'
import { kthread_run } from '../../../src-sim/linux/kthread'
import {
  gate, gate_add_stop, gate_close, gate_enter, gate_exit, gate_init, gate_is_open,
} from '../../../src-sim/linux/klab/gate'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { mod_timer, timer_list, timer_setup, timer_shutdown_sync } from '../../../src-sim/linux/timer'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'

function open(): gate {
  const g = new gate()
  gate_init(g, 'demo')
  return g
}

/** A task that comes in at once and stays for a while. */
function* visitor(g: gate, say: Say, ms: number): Sim {
  let inside = false
  yield* sim(
    kthread_run(
      function* () {
        if (!gate_enter(g)) return 0
        inside = true
        yield* sim(msleep(ms))
        say('leaves')
        gate_exit(g)
        return 0
      } as never,
      null,
      'visitor',
    ),
  )
  while (!inside) yield RELAX
}

test('an open gate lets in, a closed one does not', () => {
  checked(function* () {
    const g = open()
    expect(gate_enter(g)).toBe(true)
    gate_exit(g)
    yield* sim(gate_close(g))
    expect(gate_enter(g)).toBe(false)
    expect(gate_is_open(g)).toBe(false)
  })
})

test('closing waits for those inside before it stops any thread, and stops the newest first', () => {
  const { log, kinds } = checked(function* (say) {
    const g = open()
    yield* sim(gate_add_stop(g, () => say('stop first')))
    yield* sim(gate_add_stop(g, () => say('stop second')))
    yield* visitor(g, say, 50)
    yield* sim(gate_close(g))
    say('closed')
  })
  expect(log).toEqual(['leaves', 'stop second', 'stop first', 'closed'])
  expect(kinds).toEqual([])
})

test('a second closer waits for the same end; each thread is stopped once', () => {
  const { log } = checked(function* (say) {
    const g = open()
    const stop = function* (): Sim {
      yield* sim(msleep(50))
      say('stopped')
    }
    yield* sim(gate_add_stop(g, stop as never))
    const close = function* (): Sim<number> {
      yield* sim(gate_close(g))
      say('closed')
      return 0
    }
    yield* sim(kthread_run(close as never, null, 'other'))
    yield* close()
    yield* sim(msleep(10))
  })
  expect(log).toEqual(['stopped', 'closed', 'closed'])
})

test('a thread that is started too late is stopped at once', () => {
  checked(function* (say) {
    const g = open()
    yield* sim(gate_close(g))
    let stopped = false
    expect(yield* sim(gate_add_stop(g, () => (stopped = true)))).toBe(-ENODEV)
    expect(stopped).toBe(true)
    say('done')
  })
})

class box {
  gate = new gate()
  timer = new timer_list()
  ticks = 0
}

/** A structure that a timer uses again and again, freed after the gate was closed, or without. */
function freed(closing: boolean): string[] {
  return checked(function* () {
    const b = kzalloc(box, GFP_KERNEL)!
    gate_init(b.gate, 'box')
    timer_setup(b.timer, () => void mod_timer(b.timer, jiffies + msecs_to_jiffies(8)), 0)
    mod_timer(b.timer, jiffies + msecs_to_jiffies(8))
    yield* sim(gate_add_stop(b.gate, () => timer_shutdown_sync(b.timer)))
    yield* sim(msleep(20))
    if (closing) yield* sim(gate_close(b.gate))
    kfree(b)
    yield* sim(msleep(50))
  }).kinds
}

test('after closing the memory can be freed; without it the timer is still armed', () => {
  expect(freed(true)).toEqual([])
  expect(freed(false)).toContain('odebug.free-active')
})

test('closing from inside waits for its own caller: the task hangs', () => {
  const { kinds } = checked(
    function* () {
      const g = open()
      gate_enter(g)
      yield* sim(gate_close(g))
    },
    { untilNs: 400e9 },
  )
  expect(kinds).toEqual(['hung-task'])
})

test('a gate whose memory is gone is reported', () => {
  const { kinds } = checked(function* () {
    const b = kzalloc(box, GFP_KERNEL)!
    gate_init(b.gate, 'box')
    kfree(b)
    gate_enter(b.gate)
  })
  expect(kinds).toEqual(['kasan.use-after-free'])
})
