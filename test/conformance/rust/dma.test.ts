import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

const driver = (probe: string, more = '', unbind = ''): string => `
import { Coherent, DataDirection, SGTable } from 'rust/dma'
import { kthread_run } from 'linux/kthread'
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
const UNBIND = {
  'scenario.ts': `
  import { insmod, echo, msleep } from 'klab/scenario'
  export default function () {
    insmod('driver')
    echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0')
    msleep(100)
  }`,
}
const attempt = (what: string): string =>
  `try { ${what}; pr_info('say ok\\n') } catch (e) { pr_info('say ' + e + '\\n') }`

describe('Coherent (R-10)', () => {
  it('needs a bound device to be made, and at least one byte', () => {
    const run = runRust(driver(`
      ${attempt('Coherent.zeroed_slice(pdev, 0, GFP_KERNEL)')}
      const c = Coherent.zeroed_slice(pdev, 64, GFP_KERNEL)
      c.write(3, 7)
      pr_info('say ' + c.read(3) + ' ' + c.size() + '\\n')
      ${attempt('c.read(64)')}
      d.held.push(c)
    `))
    expect(said(run)).toEqual(['say EINVAL', 'say 7 64', 'say EINVAL', 'unbind'])
    expect(kinds(run)).toEqual([])
  })

  it('says ENOMEM', () => {
    const run = runRust(driver(attempt('Coherent.zeroed_slice(pdev, 64, GFP_KERNEL)')), {
      'scenario.ts': `
      import { fail_next, insmod } from 'klab/scenario'
      export default function () { fail_next('dma_alloc_coherent'); insmod('driver') }` })
    expect(said(run)).toEqual(['say ENOMEM'])
  })

  it('may outlive the binding, and is then freed on a device without a driver', () => {
    const run = runRust(driver(`
      const c = Coherent.zeroed_slice(pdev, 64, GFP_KERNEL)
      kthread_run(() => { msleep(30); drop(c); pr_info('say freed\\n'); return 0 }, null, 'late')
    `), UNBIND)
    expect(said(run)).toEqual(['unbind', 'say freed'])
    expect(kinds(run)[0]).toBe('dma-debug.leak-at-unbind')
  })

  it('is no protection from the hardware: the address is a plain number (R-04)', () => {
    const run = runRust(driver(`
      pdev.set_master()
      const bar = pdev.iomap_region_sized(0, 'demo', 0x100)
      const c = Coherent.zeroed_slice(pdev, 4096, GFP_KERNEL)
      bar.write32(c.dma_handle(), 0x88)
      bar.write32(0x40000, 0x80)
      bar.write32(4096, 0x90)
      bar.write32(3, 0x98)
      drop(c)
      d.held.push(bar)
    `), UNBIND)
    expect(kinds(run)[0]).toMatch(/^dma\.|^dma-debug\.|^iommu\./)
  })
})

describe('SGTable (R-10)', () => {
  it('loses its mapping at unbind and keeps its pages', () => {
    const run = runRust(driver(`
      const table = SGTable.new(pdev, 4096, DataDirection.ToDevice)
      pr_info('say ' + (table.mapping().access(pdev).dma_address() > 0) + '\\n')
      kthread_run(() => {
        msleep(30)
        pr_info('say ' + table.mapping().try_access() + ' ' + table.pages().length + '\\n')
        drop(table)
        return 0
      }, null, 'late')
    `), UNBIND)
    expect(said(run)).toEqual(['say true', 'unbind', 'say null 4096'])
    expect(kinds(run)).toEqual([])
  })
})

describe('devres::register (R-16)', () => {
  it('drops in its place among all of devres, after the data of the driver', () => {
    const run = runRust(driver(`
      devres_register(pdev, new Noisy('first'))
      devres_register(pdev, KBox.new(new Noisy('boxed'), GFP_KERNEL))
      d.held.push(new Noisy('data'))
    `))
    expect(said(run)).toEqual(['unbind', 'drop data', 'drop boxed', 'drop first'])
    expect(kinds(run)).toEqual([])
  })

  it('drops at once when it cannot be added', () => {
    const run = runRust(driver(attempt("devres_register(pdev, new Noisy('obj'))")), {
      'scenario.ts': `
      import { fail_next, insmod } from 'klab/scenario'
      export default function () { fail_next('devres::register'); insmod('driver') }` })
    expect(said(run)).toEqual(['drop obj', 'say ENOMEM'])
  })

  it('must not be given what the driver data owns', () => {
    const run = runRust(driver(`
      const bar = Arc.new(pdev.iomap_region_sized(0, 'demo', 0x100), GFP_KERNEL)
      d.held.push(bar)
      devres_register(pdev, new Last(bar.value))
    `, `class Last {
      constructor(bar: pci.Bar) { this.read = () => bar.read32(0) }
      read: () => number
      drop() { this.read() }
    }`))
    expect(kinds(run)).toContain('mmio.fault')
  })
})
