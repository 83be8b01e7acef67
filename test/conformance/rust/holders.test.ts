import { expect, it } from 'vitest'
import { recorder } from '../../../src-sim/kernel/emit'
import { Trace, type EventRecord } from '../../../src-sim/trace'
import { compile, start } from '../../sim/lab/lab-kit'
import { rustLab } from './rust-lab'

function traced(driver: string): { trace: Trace; events: EventRecord[] } {
  const booted = start(compile(rustLab(driver)))
  booted.machine.run()
  expect(booted.machine.findings.map((f) => f.report)).toEqual([])
  const trace = new Trace(recorder(booted.machine).writer!.store)
  return { trace, events: Array.from(trace.events(0, trace.length)) }
}

/** `type: why` of whoever has a count of the `Arc` with this name, after an event. */
function holders(trace: Trace, at: EventRecord, name: string): string[] {
  const state = trace.stateAt(at.index)
  const object = state.objects.find((o) => o.name === name)!
  return state.edges
    .filter((e) => e.held === object.id && e.counted)
    .flatMap((e) => {
      const type = state.objects.find((o) => o.id === e.holder)?.type ?? 'context'
      return Array<string>(e.count).fill(`${type}: ${e.why}`)
    })
    .sort()
}

const DRIVER = `
  import { new_work, system } from 'rust/workqueue'
  class Demo {
    work = new_work('Demo::run', (self: Arc<Demo>) => { msleep(1) })
  }
  class D {
    constructor(readonly demo: Arc<Demo>, readonly res: Devres<Noisy>) {}
    static ID_TABLE = IDS
    static probe(pdev: pci.Device<Core>) {
      const demo = Arc.new(new Demo(), GFP_KERNEL)
      drop(system().enqueue(demo.clone()))
      forget(Devres.new(pdev, new Noisy('leaked')))
      return new D(demo, Devres.new(pdev, new Noisy('res')))
    }
  }
  pci.module_pci_driver({ type: D, name: 'demo' })`

it('the queue is seen to have what was queued, until it has run (R-14)', () => {
  const { trace, events } = traced(DRIVER)
  const at = (name: string): EventRecord => events.find((e) => e.name === name)!
  const running = at('workqueue_execute_start')
  expect(holders(trace, running, 'Arc<Demo>')).toEqual([
    'module: created in D.probe()', 'work_struct: queued work',
  ])
  const ran = at('workqueue_execute_end')
  expect(holders(trace, ran, 'Arc<Demo>')).toEqual(['module: created in D.probe()'])
})

it('devres shows each Devres by the same name, as Linux does (R-06)', () => {
  const { events } = traced(DRIVER)
  const log = events.filter((e) => e.name === 'devres_log').map((e) => `${e.args[1]} ${e.args[3]}`)
  expect(log).toEqual(['ADD Devres<T>', 'ADD Devres<T>', 'REM Devres<T>', 'REL Devres<T>'])
})
