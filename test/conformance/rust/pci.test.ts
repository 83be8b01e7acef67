import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

/** A driver whose probe runs `probe` with its data `d`. */
const driver = (probe: string, more = '', unbind = ''): string => `
import * as irq from 'rust/irq'
class D {
  held: unknown[] = []
  static ID_TABLE = IDS
  static probe(pdev: pci.Device<Core>): D {
    pdev.enable_device_mem()
    const d = new D()
    ${probe}
    return d
  }
  static unbind(pdev: pci.Device<Core>, d: D) { pr_info('unbind\\n'); ${unbind} }
}
${more}
pci.module_pci_driver({ type: D, name: 'demo' })
`
const attempt = (what: string): string =>
  `try { ${what}; pr_info('say ok\\n') } catch (e) { pr_info('say ' + e + '\\n') }`

describe('pci::Bar (R-09)', () => {
  it('says EINVAL, ENOMEM and EBUSY in this order', () => {
    const run = runRust(driver(`
      ${attempt("pdev.iomap_region(6, 'demo')")}
      ${attempt("pdev.iomap_region(3, 'demo')")}
      const bar = pdev.iomap_region(0, 'demo')
      ${attempt("pdev.iomap_region(0, 'again')")}
      drop(bar)
      ${attempt("d.held.push(pdev.iomap_region(0, 'again'))")}
    `))
    expect(said(run)).toEqual(['say EINVAL', 'say ENOMEM', 'say EBUSY', 'say ok', 'unbind'])
    expect(kinds(run)).toEqual([])
  })

  it('gives the region back when it cannot be mapped', () => {
    const run = runRust(driver(`
      ${attempt("pdev.iomap_region(0, 'demo')")}
      ${attempt("d.held.push(pdev.iomap_region(0, 'demo'))")}
    `), { 'scenario.ts': `
      import { fail_next, insmod, rmmod } from 'klab/scenario'
      export default function () { fail_next('pci_iomap'); insmod('driver'); rmmod('driver') }` })
    expect(said(run)).toEqual(['say ENOMEM', 'say ok', 'unbind'])
  })

  it('checks offsets against the promised size while compiling, and against the real one with try_', () => {
    const run = runRust(driver(`
      const bar = pdev.iomap_region_sized(0, 'demo', 0x40)
      d.held.push(bar)
      pr_info('say ' + (bar.read32(0x3c) >= 0) + '\\n')
      ${attempt('bar.try_read32(0x80)')}
      ${attempt('bar.try_read32(0x100000)')}
      ${attempt('bar.try_read32(2)')}
      bar.read32(0x40)
    `))
    expect(said(run)).toEqual(['say true', 'say ok', 'say EINVAL', 'say EINVAL', 'unbind'])
    expect(kinds(run)).toEqual(['rust.bounds'])
    expect(run.findings[0]!.title).toBe(
      'rust: `read32(0x40)` is outside of the 0x40 bytes that Bar promises: use try_read32')
  })

  it('is dropped when into_devres fails', () => {
    const run = runRust(driver(`
      ${attempt("pdev.iomap_region(0, 'demo').into_devres()")}
      ${attempt("d.held.push(pdev.iomap_region(0, 'demo'))")}
    `), { 'scenario.ts': `
      import { fail_next, insmod, rmmod } from 'klab/scenario'
      export default function () { fail_next('Devres::new'); insmod('driver'); rmmod('driver') }` })
    expect(said(run)).toEqual(['say ENOMEM', 'say ok', 'unbind'])
  })

  it('reads all ones, and no error, once the device was torn out', () => {
    const run = runRust(driver(`
      d.held.push(pdev.iomap_region_sized(0, 'demo', 0x100))
    `, '', `
      pr_info('say ' + (d.held[0] as pci.Bar).read32(0).toString(16) + ' ' + pdev.config_space().read32(0).toString(16) + '\\n')
    `), { 'scenario.ts': `
      import { insmod, surprise_remove, run_until_quiet } from 'klab/scenario'
      export default function () { insmod('driver'); surprise_remove('01:00.0'); run_until_quiet() }` })
    expect(said(run)).toEqual(['unbind', 'say ffffffff ffffffff'])
    expect(kinds(run)).toEqual([])
  })

  it('in a Devres is unmapped at unbind; its raw address is then a fault (R-04)', () => {
    const run = runRust(driver(`
      const bar = pdev.iomap_region_sized(0, 'demo', 0x100)
      const raw = bar.addr()
      leaked = bar.into_devres()
      kthread_run(() => {
        msleep(30)
        pr_info('say ' + leaked.try_access() + '\\n')
        readl(raw)
        return 0
      }, null, 'raw')
    `, `
    import { kthread_run } from 'linux/kthread'
    import { readl } from 'linux/io'
    let leaked: Devres<pci.Bar>`), { 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0'); msleep(50) }` })
    expect(said(run)).toEqual(['unbind', 'say null'])
    expect(kinds(run)).toEqual(['mmio.fault'])
  })

  it('that borrows from the device is a finding when it outlives the binding', () => {
    const run = runRust(driver(`
      const bar = pdev.iomap_region_sized(0, 'demo', 0x100)
      kthread_run(() => { msleep(30); bar.read32(0); drop(bar); return 0 }, null, 'late')
    `, "import { kthread_run } from 'linux/kthread'"), { 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0'); msleep(50) }` })
    expect(kinds(run)).toEqual(['rust.borrow'])
  })
})

const HANDLER = `
class Handler {
  hits = 0
  handle(dev: Device<Bound>) { this.hits++; return irq.IrqReturn.Handled }
  drop() { pr_info('drop handler\\n') }
}`

describe('interrupts', () => {
  it('are freed at unbind even when the registration was leaked (R-14)', () => {
    const run = runRust(driver(`
      const bar = pdev.iomap_region_sized(0, 'demo', 0x100)
      const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.Msi)
      pdev.set_master()
      forget(pdev.request_irq(vector!, 0, 'demo', new Handler()))
      bar.write32(0x80, 0x20)
      bar.write32(3, 0x08)
      d.held.push(bar)
    `, HANDLER))
    expect(said(run)).toEqual(['unbind'])
    expect(kinds(run)).toEqual([])
  })

  it('run with a proof that the device is bound (R-01)', () => {
    const run = runRust(driver(`
      const bar = pdev.iomap_region_sized(0, 'demo', 0x100)
      const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.Msi)
      pdev.set_master()
      const res = Arc.new(Devres.new(pdev, new Noisy('res')), GFP_KERNEL)
      const reg = pdev.request_irq(vector!, 0, 'demo', new Uses(res))
      d.held.push(reg, bar)
      bar.write32(0x80, 0x20)
      bar.write32(3, 0x08)
      msleep(5)
      reg.synchronize(pdev)
      pr_info('say ' + reg.handler().seen + '\\n')
    `, `class Uses {
      seen = ''
      constructor(readonly res: Arc<Devres<Noisy>>) {}
      handle(dev: Device<Bound>) { this.seen = this.res.value.access(dev).name; return irq.IrqReturn.Handled }
    }`))
    expect(said(run)).toEqual(['say res', 'unbind', 'drop res'])
    expect(kinds(run)).toEqual([])
  })

  it('free the line before they drop the handler (R-14)', () => {
    const run = runRust(driver(`
      const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.Msi)
      d.held.push(pdev.request_irq(vector!, 0, 'demo', new Handler()))
    `, HANDLER))
    expect(said(run)).toEqual(['unbind', 'drop handler'])
    expect(kinds(run)).toEqual([])
  })

  it('wait in try_synchronize inside an RCU section, which is a mistake (R-14)', () => {
    const run = runRust(driver(`
      const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.Msi)
      reg = pdev.request_irq(vector!, 0, 'demo', new Handler())
      reg.try_synchronize()
    `, `${HANDLER}\nlet reg: irq.Registration<Handler>`))
    expect(kinds(run)).toEqual(['sleep.in-atomic'])
  })

  it('say ENODEV in try_synchronize once the device is unbound (R-14)', () => {
    const run = runRust(driver(`
      const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.Msi)
      const reg = pdev.request_irq(vector!, 0, 'demo', new Handler())
      kthread_run(() => { msleep(30); ${attempt('reg.try_synchronize()')}; drop(reg); return 0 }, null, 'late')
    `, `${HANDLER}\nimport { kthread_run } from 'linux/kthread'`), { 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0'); msleep(50) }` })
    expect(said(run)).toEqual(['unbind', 'say ENODEV', 'drop handler'])
    expect(kinds(run)).toEqual([])
  })

  it('free their vectors in their place in devres, after the handlers (R-20)', () => {
    const run = runRust(driver(`
      devres_register(pdev, ScopeGuard.new(() => { pr_info('drop older: ' + to_pci_dev(dev).msi_enabled + '\\n') }))
      const dev = pdev.as_raw()
      const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.Msi)
      devres_register(pdev, ScopeGuard.new(() => { pr_info('drop newer: ' + to_pci_dev(dev).msi_enabled + '\\n') }))
      forget(pdev.request_irq(vector!, 0, 'demo', new Handler()))
    `, `${HANDLER}\nimport { to_pci_dev } from 'linux/pci'`))
    expect(said(run)).toEqual(['unbind', 'drop newer: 1', 'drop older: 0'])
    expect(kinds(run)).toEqual([])
  })
})
