import { describe, expect, it } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { seedOf } from '../../../src-sim/explorer/explore'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import type { LabSource } from '../../../src-sim/protocol'
import { compile, runLab, sandbox } from '../../sim/lab/lab-kit'
import { rustLab } from './rust-lab'

const SCHEDULES = 60

/** Each kind of finding, or how the run ended, with the number of schedules that showed it. */
function outcomes(lab: LabSource): Record<string, number> {
  const run = scheduleRunner(compile(lab), sandbox(), {})
  const counts: Record<string, number> = {}
  for (const how of ['random', 'pct'] as const)
    for (let i = 0; i < SCHEDULES / 2; i++) {
      const strategy = makeStrategy(how, { seed: seedOf(3, i), preemptions: 3, choices: [] })
      const { findings, stop } = run(strategy, false)
      const all = findings.length > 0 ? [...new Set(findings.map((f) => f.kind))] : [String(stop)]
      for (const kind of all) counts[kind] = (counts[kind] ?? 0) + 1
    }
  return counts
}

/** A reader and the one who revokes. A reader that meets a dropped value is a WARN. */
const reading = (revoke: string): LabSource => rustLab(`
  import { module } from 'rust/module'
  import { kthread_run, kthread_stop, kthread_should_stop } from 'linux/kthread'
  import { WARN_ON } from 'linux/bug'
  import { cpu_relax } from 'linux/processor'
  class Value { alive = true; drop() { this.alive = false } }
  class Shared {
    constructor(readonly cell: Revocable<Value>) {}
    read() {
      using guard = this.cell.try_access()
      if (!guard) return
      cpu_relax()
      WARN_ON(!guard.value.alive)
    }
  }
  class M {
    constructor(readonly shared: Arc<Shared>, readonly reader: any) {}
    static init() {
      const shared = Arc.new(new Shared(Revocable.new(new Value())), GFP_KERNEL)
      const reader = kthread_run(() => {
        for (let i = 0; i < 3; i++) shared.value.read()
        while (!kthread_should_stop()) msleep(1)
        return 0
      }, null, 'reader')
      shared.value.cell.${revoke}()
      return new M(shared, reader)
    }
    drop() { kthread_stop(this.reader) }
  }
  module({ type: M })
`)

describe('a reader and the one who revokes', () => {
  it('never meet in a dropped value: revoke waits for guards (R-03)', () => {
    expect(outcomes(reading('revoke'))).toEqual({ finished: SCHEDULES })
  })

  it('do meet when revoke_nosync does not wait (R-03)', () => {
    expect(Object.keys(outcomes(reading('revoke_nosync'))).some((k) => k.startsWith('warn.'))).toBe(true)
  })
})

/** The owner drops a Devres while the module, and with it the driver, goes. */
const dropping = (generation: string): LabSource => rustLab(`
  import { kthread_run, kthread_stop, kthread_should_stop } from 'linux/kthread'
  import { WARN_ON } from 'linux/bug'
  import { use_devres_generation } from 'rust/devres'
  let drops = 0
  class Value { drop() { msleep(1); WARN_ON(++drops > 1) } }
  class D {
    static ID_TABLE = IDS
    static probe(pdev: pci.Device<Core>) {
      use_devres_generation('${generation}')
      const held = Devres.new(pdev, new Value())
      kthread_run(() => { msleep(5); drop(held); return 0 }, null, 'owner')
      return new D()
    }
  }
  pci.module_pci_driver({ type: D, name: 'demo' })
`, {
  'scenario.ts': `
  import { insmod, rmmod, echo, msleep } from 'klab/scenario'
  export default function () {
    insmod('driver'); msleep(5)
    echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0')
    msleep(400); rmmod('driver')
  }`,
})

describe('the owner of a Devres and unbinding', () => {
  it.each(['now', 'callback-waits', 'both-wait', 'nobody-waits'])('drop the value once, and nobody hangs: %s (R-07)', (generation) => {
    expect(outcomes(dropping(generation))).toEqual({ finished: SCHEDULES })
  })

  const unloading = (generation: string): LabSource => {
    const lab = dropping(generation)
    return { ...lab, files: { ...lab.files, 'scenario.ts': `
      import { insmod, rmmod, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); msleep(5); rmmod('driver'); msleep(400) }` } }
  }

  it('leave the drop in text that is gone where nobody waits (R-07)', () => {
    expect(outcomes(unloading('nobody-waits'))).toHaveProperty(['text.execute-after-unload'])
  })
})

describe('a whole driver', () => {
  it('means the same in every run with the same seed', () => {
    const lab = dropping('now')
    const hashes = [1, 2].map(() => runLab(lab, { seed: 9, strategy: 'random' }).traceHash)
    expect(hashes[0]).toBe(hashes[1])
  })
})
