import { beforeAll, describe, expect, it } from 'vitest'
import { driverApi } from '../../../src-main/build/driver-api.mjs'
import { typeProblems, type DriverApi } from '../../../src-main/cli/type-check'
import { rustLab } from './rust-lab'

let api: DriverApi
beforeAll(() => {
  api = driverApi() as DriverApi
})

/** What `klab check` says about a driver with this body of probe and this body of a free function. */
const check = (probe: string, free = ''): string[] =>
  typeProblems(rustLab(`
    import * as platform from 'rust/platform'
    class D {
      kept!: pci.Device<Core>
      static ID_TABLE = IDS
      static probe(pdev: pci.Device<Core>): D { ${probe}; return new D() }
    }
    function free(normal: pci.Device, bound: pci.Device<Bound>, res: Devres<Noisy>) { ${free} }
    pci.module_pci_driver({ type: D, name: 'demo' })
  `), api).map((problem) => problem.message)

describe('typestates of devices (R-01)', () => {
  it('accept what a bus callback may do, and the way down from Core to Normal', () => {
    expect(check(`
      pdev.enable_device_mem(); pdev.set_master()
      const bound: pci.Device<Bound> = pdev
      const normal: pci.Device = bound
      const any: Device<Bound> = pdev.as_ref()
      using bar = bound.iomap_region(0, 'demo').into_devres()
      bar.access(any).try_read32(0)
      using kept: ARef<pci.Device> = normal.into()
    `)).toEqual([])
  })

  it('refuse Core methods on a bound device, and say why', () => {
    const [message, ...more] = check('', 'bound.set_master()')
    expect(more).toEqual([])
    expect(message).toContain("'lent to probe and unbind only'")
    expect(message).toContain('Bound')
    expect(message).toContain('Core')
  })

  it('refuse Bound methods on any device, and say why', () => {
    const [message] = check('', "normal.iomap_region(0, 'demo')")
    expect(message).toContain("'proof that its driver is bound'")
  })

  it('refuse a Devres for a device of which nothing is known', () => {
    expect(check('', "Devres.new(normal, new Noisy('x'))")[0]).toContain('proof that its driver is bound')
    expect(check('', "Devres.new(bound, new Noisy('x'))")).toEqual([])
  })

  it('refuse Devres.access with the wrong proof (R-05)', () => {
    expect(check('', 'res.access(normal).name')[0]).toContain('proof that its driver is bound')
  })

  it('hand nothing but Normal out of an ARef', () => {
    expect(check('using a = pdev.into(); a.value.set_master()')[0]).toContain('lent to probe and unbind only')
    expect(check('using a = pdev.into(); a.value.vendor_id()')).toEqual([])
  })

  it('refuse to go up again', () => {
    expect(check('', 'const core: pci.Device<Core> = bound')[0]).toContain('not assignable')
    expect(check('', 'const core: Device<Bound> = normal')[0]).toContain('not assignable')
  })

  it('know that a guard may be null, and using that it may be dropped', () => {
    expect(check('', 'using g = res.try_access(); g.value')[0]).toContain("'g' is possibly 'null'")
    expect(check('', 'using g = 5')[0]).toContain('Symbol.dispose')
  })

  it('refuse a driver without a probe or with ids of another bus', () => {
    const [message] = check('', "pci.module_pci_driver({ type: class { static ID_TABLE = IDS }, name: 'x' })")
    expect(message).toContain('probe')
  })
})
