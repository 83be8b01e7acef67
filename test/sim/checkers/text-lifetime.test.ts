import { expect, test } from 'vitest'
import { attachTextLifetime } from '../../../src-sim/checkers/text-lifetime'
import { machine } from '../../../src-sim/engine/current'
import { position } from '../../../src-sim/engine/position'
import type { Sim } from '../../../src-sim/engine/suspend'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import { allocIrqs, raiseIrq } from '../../../src-sim/kernel/irq/lines'
import { msleep } from '../../../src-sim/linux/delay'
import { request_irq } from '../../../src-sim/linux/interrupt'
import { jiffies } from '../../../src-sim/linux/jiffies'
import { mod_timer, timer_list, timer_setup } from '../../../src-sim/linux/timer'
import * as w from '../../../src-sim/linux/workqueue'
import { run, sim } from '../harness'

/** A function of a module, as the compiler makes it; `unload` takes the module's text away. */
function text(): { fn: () => number; unload: () => void } {
  const { runtime } = machine()
  const functions = [{ name: 'demo_fn', startLine: 10, startColumn: 1, endLine: 20, endColumn: 2 }]
  const file = runtime.addFile({ path: 'driver.ts', module: 'demo', kind: 'driver', functions })
  const pos = position(file, 10, 1)
  const fn = (): number => {
    runtime.p = pos
    if (runtime.dead[file]) runtime.unloaded(pos)
    return 0
  }
  return { fn, unload: () => runtime.unload(file) }
}

const checked = (body: (fn: () => number, unload: () => void) => Sim) =>
  run(function* () {
    installTrouble(machine())
    attachTextLifetime(machine())
    const { fn, unload } = text()
    yield* body(fn, unload)
  })

test.each(['work', 'timer', 'irq'])('MOD-01 a %s of an unloaded module does nothing', (kind) => {
  const roles = { work: 'queued', timer: 'armed', irq: 'requested' } as Record<string, string>
  const m = checked(function* (fn, unload) {
    const timer = new timer_list()
    const irq = allocIrqs(machine(), 1, 'd')
    if (kind === 'work') w.schedule_work(w.DECLARE_WORK('w', fn))
    else if (kind === 'timer') {
      timer_setup(timer, fn, 0)
      mod_timer(timer, +jiffies + 1)
    } else yield* sim(request_irq(irq, fn, 0, 'd', {}))
    unload()
    raiseIrq(machine(), irq)
    yield* sim(msleep(40))
  })
  expect(m.findings.map((f) => f.kind)).toEqual(['text.execute-after-unload'])
  const [finding] = m.findings
  expect(finding!.report.join('\n')).toContain('demo_fn was part of module demo')
  expect(finding!.stacks.map((s) => s.role)).toEqual(['use', roles[kind]])
  expect(m.stop).toBe(kind === 'work' ? 'finished' : 'panic')
})

test('a callback of a loaded module is not reported', () => {
  const m = checked(function* (fn) {
    w.schedule_work(w.DECLARE_WORK('w', fn))
    yield* sim(msleep(40))
  })
  expect(m.findings).toEqual([])
})
