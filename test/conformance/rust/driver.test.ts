import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

const register = "pci.module_pci_driver({ type: D, name: 'demo' })"

describe('typestates (R-01)', () => {
  it('let a bus callback do everything', () => {
    const run = runRust(`
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) { pdev.enable_device_mem(); pdev.set_master(); return new D() }
        static unbind(pdev: pci.Device<Core>, d: D) { pr_info('unbind ' + pdev.resource_len(0) + '\\n') }
      }
      ${register}`)
    expect(said(run)).toEqual(['unbind 1048576'])
    expect(kinds(run)).toEqual([])
  })

  it('are a finding where the types were cheated: Core used after its callback', () => {
    const run = runRust(`
      import { kthread_run } from 'linux/kthread'
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) {
          kthread_run(() => { msleep(5); pr_info('say ' + pdev.resource_len(0) + '\\n'); pdev.set_master(); return 0 }, null, 'late')
          return new D()
        }
      }
      ${register}`)
    expect(said(run)).toEqual(['say 1048576'])
    expect(kinds(run)).toEqual(['rust.borrow'])
    expect(run.findings[0]!.title).toBe(
      'rust: `set_master`: a &Device<Core> was used after the scope it was lent to')
  })

  it('are a finding where the types were cheated: Bound used after unbinding', () => {
    const run = runRust(`
      import { kthread_run } from 'linux/kthread'
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) {
          kthread_run(() => { msleep(20); pdev.config_space(); return 0 }, null, 'late')
          return new D()
        }
      }
      ${register}`, { 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0'); msleep(50) }` })
    expect(kinds(run)).toEqual(['rust.borrow'])
  })

  it('are a finding where the types were cheated: an ARef proves nothing', () => {
    const run = runRust(`
      class D {
        static ID_TABLE = IDS
        constructor(readonly pdev: ARef<pci.Device>) {}
        static probe(pdev: pci.Device<Core>) {
          const d = new D(pdev.into());
          (d.pdev.value as pci.Device<Core>).set_master()
          return d
        }
      }
      ${register}`)
    expect(kinds(run)).toEqual(['rust.typestate'])
    expect(run.findings[0]!.title).toBe(
      'rust: `set_master` needs a &Device<Core>, but the reference proves no such thing')
  })
})

describe('unbinding a Rust driver', () => {
  it('drops the data after the bus is done and before devres (R-08, R-18)', () => {
    const run = runRust(`
      import { to_pci_dev } from 'linux/pci'
      class D {
        first = new Noisy('first')
        second!: Devres<Noisy>
        third = new Noisy('third')
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) {
          const d = new D()
          forget(Devres.new(pdev, new Noisy('devres older')))
          d.second = Devres.new(pdev, new Noisy('second'))
          devres_register(pdev, new Last(pdev.into()))
          return d
        }
        static unbind(pdev: pci.Device<Core>, d: D) {
          pr_info('unbind ' + (pdev.as_raw().driver_data !== null) + '\\n')
        }
        drop() { pr_info('drop data\\n') }
      }
      class Last {
        constructor(readonly dev: ARef<pci.Device>) {}
        drop() {
          const dev = this.dev.value.as_raw()
          pr_info('drop last: data ' + dev.driver_data + ', driver ' + dev.driver!.name + ', pci driver ' + to_pci_dev(dev).driver + '\\n')
        }
      }
      ${register}`)
    expect(said(run)).toEqual([
      'unbind true', 'drop data', 'drop first', 'drop second', 'drop third',
      'drop last: data null, driver demo, pci driver null', 'drop devres older',
    ])
    expect(kinds(run)).toEqual([])
  })

  it('does nothing about data when probe has failed, and drops what devres holds (R-08)', () => {
    const run = runRust(`
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>): D {
          forget(Devres.new(pdev, new Noisy('devres')))
          using local = ScopeGuard.new(() => { pr_info('drop local\\n') })
          throw code.EIO
        }
        static unbind() { pr_info('unbind\\n') }
      }
      ${register}`)
    expect(said(run)).toEqual(['drop local', 'drop devres'])
    expect(run.dmesg.join('\n')).toContain('probe with driver demo failed with error -5')
    expect(kinds(run)).toEqual([])
  })

  it('sees the hardware in unbind; in drop the mapping is there and the bus has let go (R-18)', () => {
    const run = runRust(`
      class D {
        constructor(readonly bar: pci.Bar) {}
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) { pdev.enable_device_mem(); return new D(pdev.iomap_region(0, 'demo')) }
        static unbind(pdev: pci.Device<Core>, d: D) { pr_info('unbind ' + d.bar.try_read32(0) + '\\n') }
        drop() { pr_info('drop ' + this.bar.try_read32(0) + '\\n') }
      }
      ${register}`)
    expect(said(run)).toEqual(['unbind 16777453', 'drop 16777453'])
    expect(kinds(run)).toEqual([])
  })

  it('frees the data: a pointer to it that was kept is a use after free (R-04, R-08)', () => {
    const run = runRust(`
      import { kthread_run } from 'linux/kthread'
      class D {
        count = 7
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) {
          const d = new D()
          kthread_run(() => { msleep(30); pr_info('say ' + d.count + '\\n'); return 0 }, null, 'raw')
          return d
        }
      }
      ${register}`, { 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0'); msleep(50) }` })
    expect(kinds(run)).toEqual(['kasan.use-after-free'])
  })

  it('sets the data as the last step of probe: meanwhile there is none (R-21)', () => {
    const run = runRust(`
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) { pr_info('probe ' + pdev.as_raw().driver_data + '\\n'); return new D() }
        static unbind(pdev: pci.Device<Core>, d: D) { pr_info('unbind ' + (pdev.as_raw().driver_data !== null) + '\\n') }
      }
      ${register}`)
    expect(said(run)).toEqual(['probe null', 'unbind true'])
  })

  it('fails with ENOMEM when there is no memory for the data, which is dropped (R-21)', () => {
    const run = runRust(`
      import { fail_next } from 'klab/scenario'
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) { fail_next('kmalloc'); return new D() }
        drop() { pr_info('drop data\\n') }
      }
      ${register}`)
    expect(said(run)).toEqual(['drop data'])
    expect(run.dmesg.join('\n')).toContain('failed with error -12')
  })
})

describe('enabling a device (R-19)', () => {
  it('is undone by nobody: mastering stays on and each binding counts once more', () => {
    const run = runRust(`
      import { to_pci_dev } from 'linux/pci'
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) {
          const raw = to_pci_dev(pdev.as_raw())
          pr_info('probe ' + raw.enable_cnt + ' ' + raw.is_busmaster + '\\n')
          pdev.enable_device_mem(); pdev.set_master()
          return new D()
        }
      }
      ${register}`, { 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      const name = '0000:01:00.0'
      export default function () {
        insmod('driver')
        for (let i = 0; i < 2; i++) {
          echo('/sys/bus/pci/drivers/demo/unbind', name); msleep(1)
          echo('/sys/bus/pci/drivers/demo/bind', name); msleep(1)
        }
      }` })
    expect(said(run)).toEqual(['probe 0 0', 'probe 1 1', 'probe 2 1'])
  })
})

describe('modules (R-13)', () => {
  it('drop the fields of their value in the order of declaration', () => {
    const run = runRust(`
      import { module, type ThisModule } from 'rust/module'
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) { return new D() }
        static unbind() { pr_info('unbind\\n') }
      }
      class M {
        constructor(readonly before: Noisy, readonly driver: pci.Registration, readonly after: Noisy) {}
        static init(m: ThisModule) {
          return new M(new Noisy('before'), pci.Registration.new('demo', D, m), new Noisy('after'))
        }
      }
      const other = new Noisy('other static')
      module({ type: M })`)
    expect(said(run)).toEqual(['drop before', 'unbind', 'drop after'])
    expect(kinds(run)).toEqual([])
  })

  it('are unwound by their initialiser when init fails, without exit', () => {
    const run = runRust(`
      import { module, type ThisModule } from 'rust/module'
      import { try_pin_init } from 'rust/init'
      class M {
        first!: Noisy
        second!: Noisy
        third!: Noisy
        static init(m: ThisModule): M {
          return try_pin_init(M, {
            first: () => new Noisy('first'),
            second: () => new Noisy('second'),
            third: () => { throw code.ENODEV },
          })
        }
        drop() { pr_info('drop module\\n') }
      }
      module({ type: M })`)
    expect(said(run)).toEqual(['drop second', 'drop first'])
    expect(kinds(run)).toEqual([])
  })

  it('are not pinned by a bound device', () => {
    const run = runRust(`
      import { THIS_MODULE, module_refcount } from 'linux/module'
      import { kthread_run } from 'linux/kthread'
      class D {
        static ID_TABLE = IDS
        static probe(pdev: pci.Device<Core>) {
          kthread_run(() => { msleep(5); pr_info('say ' + module_refcount(THIS_MODULE) + '\\n'); return 0 }, null, 'count')
          return new D()
        }
        static unbind() { pr_info('unbind\\n') }
      }
      ${register}`)
    expect(said(run)).toEqual(['say 0', 'unbind'])
  })
})
