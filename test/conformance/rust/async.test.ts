import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

/** A driver whose data is an `Arc<Demo>` that does something later. */
const driver = (demo: string, probe: string, more = ''): string => `
import { new_work, new_delayed_work, system } from 'rust/workqueue'
import { HrTimer, HrTimerRestart, new_hrtimer, type ArcBorrow } from 'rust/hrtimer'
class Demo {
  constructor(readonly bar: Devres<pci.Bar>) {}
  ${demo}
  drop() { pr_info('drop demo\\n') }
}
class D {
  held: unknown[] = []
  static ID_TABLE = IDS
  static probe(pdev: pci.Device<Core>): D {
    pdev.enable_device_mem()
    const d = new D()
    const demo = Arc.new(new Demo(pdev.iomap_region_sized(0, 'demo', 0x100).into_devres()), GFP_KERNEL)
    d.held.push(demo)
    ${probe}
    return d
  }
  static unbind() { pr_info('unbind\\n') }
}
${more}
pci.module_pci_driver({ type: D, name: 'demo' })
`
const UNBIND = {
  'scenario.ts': `
  import { insmod, echo, rmmod, msleep } from 'klab/scenario'
  export default function () {
    insmod('driver'); msleep(5)
    echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0')
    msleep(200); rmmod('driver')
  }`,
}
const UNLOAD = {
  'scenario.ts': `
  import { insmod, rmmod, msleep } from 'klab/scenario'
  export default function () { insmod('driver'); msleep(5); rmmod('driver'); msleep(200) }`,
}
const WORK = `
  work = new_delayed_work('Demo::run', (self: Arc<Demo>) => Demo.run(self))
  static run(self: Arc<Demo>) {
    using bar = self.value.bar.try_access()
    pr_info('work ' + (bar === null ? 'without a device' : bar.value.read32(0)) + '\\n')
  }`

describe('work items (R-14)', () => {
  it('own what was queued until they have run, past unbind; the registers are gone', () => {
    const run = runRust(
      driver(WORK, 'system().enqueue_delayed(demo.clone(), 20)'), UNBIND)
    expect(said(run)).toEqual(['unbind', 'work without a device', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })

  it('have nothing that would stop them: the text is gone when they run (WQ-36)', () => {
    const run = runRust(driver(WORK, 'system().enqueue_delayed(demo.clone(), 20)'), UNLOAD)
    expect(said(run)).toEqual(['unbind'])
    expect(kinds(run)[0]).toBe('text.execute-after-unload')
  })

  it('give the pointer back when they are queued already (WQ-36)', () => {
    const run = runRust(driver(WORK, `
      pr_info('say ' + system().enqueue_delayed(demo.clone(), 1) + '\\n')
      using again = system().enqueue_delayed(demo.clone(), 1)
      pr_info('say ' + (again!.value === demo.value) + '\\n')
    `))
    expect(said(run)).toEqual(['say null', 'say true', 'work 16777453', 'unbind', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })

  it('that never run keep their structure, and the leak says who has it', () => {
    const run = runRust(driver(WORK, 'system().enqueue_delayed(demo.clone(), 100000)'))
    expect(kinds(run)).toContain('leak.memory')
    expect(run.dmesg.join('\n')).toContain('references: Demo::run: queued work')
  })

  it('take the pointer over', () => {
    const run = runRust(driver(WORK, `
      const mine = demo.clone()
      system().enqueue_delayed(mine, 1)
      mine.value
    `))
    expect(kinds(run)).toEqual(['rust.use-after-move'])
  })

  it('can be a box, which the queue frees', () => {
    const run = runRust(driver('', `
      system().enqueue(KBox.new(new Item('x'), GFP_KERNEL))
    `, `
    class Item {
      work = new_work('Item::run', (self: KBox<Item>) => Item.run(self))
      constructor(readonly name: string) {}
      static run(self: KBox<Item>) { pr_info('work ' + self.value.name + '\\n') }
      drop() { pr_info('drop item\\n') }
    }`))
    expect(said(run)).toEqual(['work x', 'drop item', 'unbind', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })
})

const TIMER = `
  ticks = 0
  timer = new_hrtimer('Demo::tick', (self: ArcBorrow<Demo>, context) => {
    pr_info('timer ' + ++self.value.ticks + '\\n')
    if (self.value.ticks === 3) return HrTimerRestart.NoRestart
    context.forward_now(1000000)
    return HrTimerRestart.Restart
  })`

describe('high-resolution timers (R-14)', () => {
  it('run until they say that it is enough', () => {
    const run = runRust(driver(TIMER, 'd.held.push(HrTimer.start(demo.clone(), 1000000))'))
    expect(said(run)).toEqual(['timer 1', 'timer 2', 'timer 3', 'unbind', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })

  it('are cancelled by the drop of their handle (HRT-09)', () => {
    const run = runRust(driver(TIMER, 'drop(HrTimer.start(demo.clone(), 1000000))'))
    expect(said(run)).toEqual(['unbind', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })

  it('wait in that drop for a callback that is running', () => {
    const run = runRust(driver(`
      timer = new_hrtimer('Demo::tick', (self: ArcBorrow<Demo>) => {
        udelay(3000)
        pr_info('timer done\\n')
        return HrTimerRestart.NoRestart
      })`, `
      const handle = HrTimer.start(demo.clone(), 1000000)
      kthread_run(() => { udelay(2000); drop(handle); pr_info('say dropped\\n'); return 0 }, null, 'owner')
      msleep(20)
    `, `
    import { kthread_run } from 'linux/kthread'
    import { udelay } from 'linux/delay'`))
    expect(said(run)).toEqual(['timer done', 'say dropped', 'unbind', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })

  it('may have several handles: a start after the cancel of one arms it again', () => {
    const run = runRust(driver(TIMER, `
      const first = HrTimer.start(demo.clone(), 1000000)
      pr_info('say ' + first.cancel() + '\\n')
      const second = HrTimer.start(demo.clone(), 1000000)
      d.held.push(second, first)
    `))
    expect(said(run)).toEqual(
      ['say true', 'timer 1', 'timer 2', 'timer 3', 'unbind', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })

  it('can be armed for the time of a function only (HRT-09)', () => {
    const run = runRust(driver(TIMER, `
      HrTimer.start_scoped(demo, 1000000, () => { msleep(1); pr_info('say ' + demo.value.ticks + '\\n') })
      pr_info('say over\\n')
      msleep(20)
    `), {})
    expect(said(run).at(-3)).toBe('say over')
    expect(said(run).slice(-2)).toEqual(['unbind', 'drop demo'])
    expect(kinds(run)).toEqual([])
  })

  it('whose handle was leaked fire after the module is gone (HRT-09)', () => {
    const run = runRust(driver(TIMER, 'forget(HrTimer.start(demo.clone(), 50000000))'), UNLOAD)
    expect(said(run)).toEqual(['unbind'])
    expect(kinds(run)).toContain('text.execute-after-unload')
  })
})
