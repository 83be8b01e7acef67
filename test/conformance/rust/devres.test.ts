import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

/** A driver whose probe runs `probe` and answers `new D(...)`. */
const driver = (probe: string, more = '', unbind = ''): string => `
import { kthread_run } from 'linux/kthread'
import { use_devres_generation } from 'rust/devres'
class D {
  held: unknown[] = []
  static ID_TABLE = IDS
  static probe(pdev: pci.Device<Core>): D {
    const d = new D()
    ${probe}
    return d
  }
  static unbind(pdev: pci.Device<Core>, d: D) { pr_info('unbind\\n'); ${unbind} }
}
${more}
pci.module_pci_driver({ type: D, name: 'demo' })
`

describe('Devres', () => {
  it('is reachable without limits for those who prove that the device is bound (R-05)', () => {
    const run = runRust(driver(`
      const r = Devres.new(pdev.as_ref(), new Noisy('res'))
      d.held.push(r)
      const inner = r.access(pdev)
      drop(KBox.new(1, GFP_KERNEL))
      pr_info('say ' + inner.name + '\\n')
    `))
    expect(said(run)).toEqual(['say res', 'unbind', 'drop res'])
    expect(kinds(run)).toEqual([])
  })

  it('refuses the proof of another device with EINVAL (R-05)', () => {
    const run = runRust(driver(`
      if (!first) { first = Devres.new(pdev, new Noisy('res')); d.held.push(first) }
      else try { first.access(pdev) } catch (e) { pr_info('say ' + e + '\\n') }
    `, 'let first: Devres<Noisy> | null = null'), {
      'machine.ts': `import { machine } from 'klab/machine'
        export default machine({ pci: [{ slot: '01:00.0', model: 'edu' }, { slot: '02:00.0', model: 'edu' }] })`,
    })
    expect(said(run)).toContain('say EINVAL')
  })

  it('compares devices, not bindings: a handle of a former binding gets through (R-05)', () => {
    const run = runRust(driver(`
      pdev.enable_device_mem()
      if (old) pr_info('say ' + old.try_access() + '\\n')
      if (old) old.access(pdev).read32(0)
      old = pdev.iomap_region_sized(0, 'demo', 0x100).into_devres()
    `, 'let old: Devres<pci.Bar> | null = null'), { 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () {
        insmod('driver')
        for (const what of ['unbind', 'bind']) echo('/sys/bus/pci/drivers/demo/' + what, '0000:01:00.0')
        msleep(1)
      }` })
    expect(said(run)).toEqual(['unbind', 'say null'])
    expect(kinds(run)).toEqual(['mmio.fault'])
  })

  it('is taken away at unbind wherever the handle is, newest first among all of devres (R-06)', () => {
    const run = runRust(driver(`
      forget(Devres.new(pdev, new Noisy('older')))
      devres_register(pdev, ScopeGuard.new(() => { pr_info('drop action\\n') }))
      leaked = Devres.new(pdev, new Noisy('newer'))
    `, 'let leaked: Devres<Noisy>', "using g = leaked.try_access(); pr_info('say ' + g!.value.name + '\\n')"))
    expect(said(run)).toEqual(['unbind', 'say newer', 'drop newer', 'drop action', 'drop older'])
  })

  it('costs a grace period for each handle that is still alive then, and none when dropped before (R-06)', () => {
    const time = (probe: string): number => {
      const run = runRust(driver(probe))
      const at = (text: string): number =>
        Number(/\[ *([\d.]+)\]/.exec(run.dmesg.find((line) => line.includes(text))!)![1])
      return at('drop last') - at('unbind')
    }
    const make = (n: number, keep: boolean): string => `
      devres_register(pdev, new Noisy('last'))
      for (let i = 0; i < ${n}; i++) {
        const r = Devres.new(pdev, new Noisy('res ' + i))
        ${keep ? 'forget(r)' : 'd.held.push(r)'}
      }`
    const [owned, one, three] = [time(make(3, false)), time(make(1, true)), time(make(3, true))]
    expect(owned).toBeLessThan(0.001)
    expect(one).toBeGreaterThan(0.003)
    expect(three).toBeGreaterThan(2.5 * one)
  })

  it('leaves its place in devres when the owner drops it (R-06)', () => {
    const run = runRust(driver(`
      const r = Devres.new(pdev, new Noisy('res'))
      drop(r)
      pr_info('say after\\n')
    `))
    expect(said(run)).toEqual(['drop res', 'say after', 'unbind'])
  })

  it('drops the value when there is no memory for it (R-06)', () => {
    const run = runRust(driver(`
      try { Devres.new(pdev, new Noisy('res')) } catch (e) { pr_info('say ' + e + '\\n') }
    `), { 'scenario.ts': `
      import { fail_next, insmod } from 'klab/scenario'
      export default function () { fail_next('Devres::new'); insmod('driver') }` })
    expect(said(run)).toEqual(['drop res', 'say ENOMEM'])
  })
})

/** A thread drops the handle, slowly, while the driver is unbound. */
const race = (generation: string): string => driver(`
  use_devres_generation('${generation}')
  const r = Devres.new(pdev, new Slow())
  kthread_run(() => { msleep(5); drop(r); pr_info('say dropped\\n'); return 0 }, null, 'owner')
  devres_register(pdev, ScopeGuard.new(() => { pr_info('say devres begins\\n') }))
`, "class Slow { drop() { msleep(100); pr_info('drop slow\\n') } }")

const RACE = `
import { insmod, rmmod, msleep, note } from 'klab/scenario'
import { pr_info } from 'linux/printk'
export default function () {
  insmod('driver'); msleep(30)
  rmmod('driver'); pr_info('say unbound\\n'); msleep(200)
}`

describe('the race of drop and unbind (R-07)', () => {
  it('makes the one who comes second wait until the value is gone', () => {
    const run = runRust(race('now'), { 'scenario.ts': RACE })
    expect(said(run)).toEqual(
      ['unbind', 'say devres begins', 'drop slow', 'say dropped', 'say unbound'])
    expect(kinds(run)).toEqual([])
  })

  it('let unbinding end before the drop of another thread in February 2026', () => {
    const run = runRust(race('nobody-waits'), { 'scenario.ts': RACE })
    expect(said(run)).toEqual(['unbind', 'say devres begins', 'say unbound'])
    expect(kinds(run)).toEqual(['text.execute-after-unload'])
  })

  const late = (generation: string): string[] => said(runRust(driver(`
    use_devres_generation('${generation}')
    const r = Devres.new(pdev, new Slow())
    kthread_run(() => { msleep(100); drop(r); pr_info('say dropped\\n'); return 0 }, null, 'owner')
  `, "class Slow { drop() { msleep(300); pr_info('drop slow\\n') } }"), { 'scenario.ts': `
    import { insmod, echo, msleep } from 'klab/scenario'
    export default function () {
      insmod('driver'); echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0'); msleep(400)
    }` }))

  it('makes the owner wait as well, which it did not in early 2025', () => {
    expect(late('now')).toEqual(['unbind', 'drop slow', 'say dropped'])
    expect(late('callback-waits')).toEqual(['unbind', 'say dropped', 'drop slow'])
  })

  const nested = (generation: string): string => driver(`
    use_devres_generation('${generation}')
    const inner = Devres.new(pdev, new Noisy('inner'))
    devres_register(pdev, new Outer(inner))
  `, 'class Outer { constructor(readonly inner: Devres<Noisy>) {} drop() { pr_info("drop outer\\n") } }')

  it('lets a value own another Devres', () => {
    const run = runRust(nested('now'))
    expect(said(run)).toEqual(['unbind', 'drop outer', 'drop inner'])
    expect(kinds(run)).toEqual([])
  })

  it('hung in June 2025 when devres dropped what owned another Devres', () => {
    const run = runRust(nested('both-wait'))
    expect(said(run)).toEqual(['unbind', 'drop outer', 'drop inner'])
    expect(kinds(run)).toEqual(['hung-task'])
    expect(run.dmesg.join('\n')).toContain('wait_for_completion')
  })

  it('deadlocks when the value drops the last handle of itself, in every generation', () => {
    const run = runRust(driver(`
      const self = new Selfish()
      self.own.push(Devres.new(pdev, self))
    `, 'class Selfish { own: unknown[] = []; drop() { pr_info("drop selfish\\n") } }'))
    expect(kinds(run)).toEqual(['hung-task'])
  })

  it('deadlocks when the drop needs the device lock that unbinding holds', () => {
    const run = runRust(driver(`
      const r = Devres.new(pdev, new Locks(pdev.into()))
      kthread_run(() => { msleep(5); drop(r); return 0 }, null, 'owner')
    `, `
    import { device_lock, device_unlock } from 'linux/device'
    class Locks {
      constructor(readonly dev: ARef<pci.Device>) {}
      drop() { msleep(30); const dev = this.dev.value.as_raw(); device_lock(dev); device_unlock(dev) }
    }`), { 'scenario.ts': RACE })
    expect(kinds(run)).toContain('hung-task')
  })
})
