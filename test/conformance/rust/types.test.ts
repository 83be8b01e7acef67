import { describe, expect, it } from 'vitest'
import { driverApi } from '../../../src-main/build/driver-api.mjs'
import { typeProblems, type DriverApi } from '../../../src-main/cli/type-check'
import { rustLab } from './rust-lab'

interface Case {
  /** Body of the driver's probe. */
  probe?: string
  /** Body of a function that is given a device, a bound device and a `Devres`. */
  free?: string
  /** Behind the driver. */
  more?: string
}

const CASES = {
  allowed: {
    probe: `
      pdev.enable_device_mem(); pdev.set_master()
      const bound: pci.Device<Bound> = pdev
      const normal: pci.Device = bound
      const any: Device<Bound> = pdev.as_ref()
      using bar = bound.iomap_region(0, 'demo').into_devres()
      bar.access(any).try_read32(0)
      using kept: ARef<pci.Device> = normal.into()`,
    free: "Devres.new(bound, new Noisy('x')); to_pci_dev(bound.as_raw()).enable_cnt",
    more: "import { to_pci_dev } from 'linux/pci'",
  },
  coreOnBound: { free: 'bound.set_master()' },
  boundOnNormal: { free: "normal.iomap_region(0, 'demo')" },
  devresOnNormal: { free: "Devres.new(normal, new Noisy('x'))" },
  accessWithNormal: { free: 'res.access(normal).name' },
  coreOnARef: { probe: 'using a = pdev.into(); a.value.set_master()' },
  normalOnARef: { probe: 'using a = pdev.into(); a.value.vendor_id()' },
  upToCore: { free: 'const core: pci.Device<Core> = bound' },
  upToBound: { free: 'const up: Device<Bound> = normal' },
  nullGuard: { free: 'using g = res.try_access(); g.value' },
  usingNumber: { free: 'using g = 5' },
  noProbe: { more: "pci.module_pci_driver({ type: class { static ID_TABLE = IDS }, name: 'x' })" },
} satisfies Record<string, Case>

const textOf = ({ probe = '', free = '', more = '' }: Case): string =>
  rustLab(`
    class D {
      kept!: pci.Device<Core>
      static ID_TABLE = IDS
      static probe(pdev: pci.Device<Core>): D { ${probe}; return new D() }
    }
    function free(normal: pci.Device, bound: pci.Device<Bound>, res: Devres<Noisy>) { ${free} }
    pci.module_pci_driver({ type: D, name: 'demo' })
    ${more}
  `).files['driver.ts']!

let found: Map<string, string[]> | null = null

/** What `klab check` says about one case. All are checked at once, which takes as long as one. */
function check(name: keyof typeof CASES): string[] {
  if (!found) {
    found = new Map()
    const files = Object.entries(CASES).map(([key, value]) => [`${key}.ts`, textOf(value)])
    const lab = { id: 'cases', files: Object.fromEntries(files) as Record<string, string> }
    for (const { file, message } of typeProblems(lab, driverApi() as DriverApi))
      found.set(file, [...(found.get(file) ?? []), message])
  }
  return found.get(`${name}.ts`) ?? []
}

describe('typestates of devices (R-01)', () => {
  it('accept what a bus callback may do, and the way down from Core to Normal', () => {
    expect(check('allowed')).toEqual([])
  })

  it('refuse Core methods on a bound device, and say why', () => {
    const [message, ...more] = check('coreOnBound')
    expect(more).toEqual([])
    expect(message).toContain("'lent to probe and unbind only'")
    expect(message).toContain("missing in type 'Bound' but required in type 'Core'")
  })

  it('refuse Bound methods on any device, and say why', () => {
    expect(check('boundOnNormal')[0]).toContain("'proof that its driver is bound'")
  })

  it('refuse a Devres for a device of which nothing is known', () => {
    expect(check('devresOnNormal')[0]).toContain('proof that its driver is bound')
  })

  it('refuse Devres.access with the wrong proof (R-05)', () => {
    expect(check('accessWithNormal')[0]).toContain('proof that its driver is bound')
  })

  it('hand nothing but Normal out of an ARef', () => {
    expect(check('coreOnARef')[0]).toContain('lent to probe and unbind only')
    expect(check('normalOnARef')).toEqual([])
  })

  it('refuse to go up again', () => {
    expect(check('upToCore')[0]).toContain('not assignable')
    expect(check('upToBound')[0]).toContain('not assignable')
  })

  it('know that a guard may be null, and what using may be given', () => {
    expect(check('nullGuard')[0]).toContain("'g' is possibly 'null'")
    expect(check('usingNumber')[0]).toContain('Symbol.dispose')
  })

  it('refuse a driver without a probe', () => {
    expect(check('noProbe')[0]).toContain('probe')
  })
})
