import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

/** A parent on the PCI bus with one part, and a driver for the part, in one module. */
const family = (child: string, data: string, more = ''): string => `
import * as auxiliary from 'rust/auxiliary'
import { module, type ThisModule } from 'rust/module'
class Shared { constructor(readonly name: string) {} drop() { pr_info('drop shared\\n') } }
class Other {}
class Child {
  static ID_TABLE = ['demo.part']
  static probe(adev: auxiliary.Device<Core>) { ${child}; return new Child() }
  static unbind() { pr_info('unbind child\\n') }
  drop() { pr_info('drop child\\n') }
}
class Parent {
  static ID_TABLE = IDS
  part!: auxiliary.Registration
  static probe(pdev: pci.Device<Core>): Parent {
    const d = new Parent()
    devres_register(pdev, new Noisy('devres of parent'))
    const part = auxiliary.Registration.new(pdev, 'part', 0, 'demo', ${data})
    ${more || 'd.part = part'}
    return d
  }
  static unbind() { pr_info('unbind parent\\n') }
  drop() { pr_info('drop parent\\n') }
}
class M {
  constructor(readonly parent: pci.Registration, readonly child: auxiliary.DriverRegistration) {}
  static init(m: ThisModule) {
    const child = auxiliary.DriverRegistration.new('child', Child, m)
    return new M(pci.Registration.new('demo', Parent, m), child)
  }
}
module({ type: M })
`

describe('auxiliary::Registration (R-15, R-17)', () => {
  it('gives the child its data by type while it is bound', () => {
    const run = runRust(family("pr_info('probe ' + adev.registration_data(Shared).name + '\\n')", "new Shared('hello')"))
    expect(said(run)).toEqual([
      'probe hello', 'unbind parent', 'drop parent', 'unbind child', 'drop child', 'drop shared',
      'drop devres of parent',
    ])
    expect(kinds(run)).toEqual([])
  })

  it('says EINVAL for another type, ENOENT with a warning for no data', () => {
    const attempt = `try { adev.registration_data(Other) } catch (e) { pr_info('probe ' + e + '\\n') }`
    expect(said(runRust(family(attempt, "new Shared('hello')")))[0]).toBe('probe EINVAL')
    const without = runRust(family(attempt, 'null'))
    expect(said(without)[0]).toBe('probe ENOENT')
    expect(without.dmesg.join('\n')).toContain(
      'child demo.part.0: No registration data set; parent is not a Rust driver.')
    expect(kinds(without)).toEqual([])
  })

  it('that was leaked leaves the child bound to a parent that is not: the proof is false', () => {
    const run = runRust(family(`
      kthread_run(() => {
        msleep(30)
        const parent = adev.parent()
        pr_info('say child still bound\\n')
        try { Devres.new(parent, new Noisy('x')) } catch (e) { pr_info('say ' + e + '\\n') }
        return 0
      }, null, 'child')`, 'null', 'forget(part)') + "\nimport { kthread_run } from 'linux/kthread'", {
      'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0'); msleep(50) }` })
    expect(said(run)).not.toContain('unbind child')
    expect(said(run)).toContain('say child still bound')
    expect(kinds(run)).toContain('rust.typestate')
  })
})

describe('platform drivers', () => {
  const machine = `
    import { machine } from 'klab/machine'
    export default machine({ platform: [{ name: 'demo', model: 'mailbox' }] })`
  const driver = (probe: string): string => `
    import * as platform from 'rust/platform'
    class D {
      held: unknown[] = []
      static probe(pdev: platform.Device<Core>): D { const d = new D(); ${probe}; return d }
      static unbind() { pr_info('unbind\\n') }
      drop() { pr_info('drop data\\n') }
    }
    platform.module_platform_driver({ type: D, name: 'demo' })`

  it('claim and map their registers, and give them back', () => {
    const run = runRust(driver(`
      const request = pdev.io_request_by_index(0)!
      d.held.push(request.iomap())
      try { request.iomap() } catch (e) { pr_info('say ' + e + '\\n') }
      pr_info('say ' + pdev.io_request_by_index(7) + '\\n')
      try { pdev.irq_by_index(9) } catch (e) { pr_info('say ' + e + '\\n') }
    `), { 'machine.ts': machine })
    expect(said(run)).toEqual(['say EBUSY', 'say null', 'say ENXIO', 'unbind', 'drop data'])
    expect(kinds(run)).toEqual([])
  })

  it('lose what is in a Devres when they are unbound (R-06)', () => {
    const run = runRust(driver(`
      const io = pdev.io_request_by_index(0)!.iomap_sized(4).into_devres()
      pr_info('say ' + (io.access(pdev).maxsize() >= 4) + '\\n')
      kthread_run(() => { msleep(30); pr_info('say ' + io.try_access() + '\\n'); drop(io); return 0 }, null, 'late')
    `) + "\nimport { kthread_run } from 'linux/kthread'", { 'machine.ts': machine, 'scenario.ts': `
      import { insmod, echo, msleep } from 'klab/scenario'
      export default function () { insmod('driver'); echo('/sys/bus/platform/drivers/demo/unbind', 'demo'); msleep(50) }` })
    expect(said(run)).toEqual(['say true', 'unbind', 'drop data', 'say null'])
    expect(kinds(run)).toEqual([])
  })
})

describe('USB drivers', () => {
  it('leak their data at each unbind: the core forgets it before it could be dropped (R-08)', () => {
    const run = runRust(`
      import * as usb from 'rust/usb'
      class D {
        static ID_TABLE = [usb.DeviceId.from_id(0x1234, 1)]
        static probe(intf: usb.Interface<Core>) { pr_info('probe ' + intf.name() + '\\n'); return new D() }
        static disconnect(intf: usb.Interface<Core>, data: D) { pr_info('unbind\\n') }
        drop() { pr_info('drop data\\n') }
      }
      usb.module_usb_driver({ type: D, name: 'demo' })`, {
      'machine.ts': `import { machine } from 'klab/machine'
        export default machine({ usb: [{ port: '1-1', model: 'usb-echo' }] })`,
    })
    expect(said(run)).toEqual(['probe 1-1:1.0', 'unbind'])
    expect(kinds(run)).toEqual(['leak.memory'])
  })
})
