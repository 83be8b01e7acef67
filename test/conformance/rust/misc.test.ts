import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

/** A module with a node /dev/demo; each open file has a box of its own. */
const driver = (device: string): string => `
import { module, type ThisModule } from 'rust/module'
import { MiscDeviceRegistration } from 'rust/miscdevice'
import { udelay } from 'linux/delay'
class Demo {
  ${device}
  drop() { pr_info('release\\n') }
}
class M {
  constructor(readonly misc: MiscDeviceRegistration) {}
  static init(m: ThisModule) { return new M(MiscDeviceRegistration.register({ name: 'demo' }, Demo)) }
}
module({ type: M })
`
const IOCTL = `
  static open(file: unknown, misc: MiscDeviceRegistration) {
    pr_info('open ' + misc.device().name() + '\\n')
    return KBox.new(new Demo(), GFP_KERNEL)
  }
  static ioctl(me: Demo, file: unknown, cmd: number, arg: number): number {
    if (cmd !== 1) throw code.EINVAL
    msleep(arg)
    pr_info('ioctl done\\n')
    return 5
  }`

/** One program opens the node, calls, sleeps and closes while the scenario does `body`. */
const files = (user: string, body: string): Record<string, string> => ({
  'user.ts': `
    import { open, close, ioctl, usleep, O_RDWR, errno } from 'user/libc'
    export function client(): number { ${user}; return 0 }`,
  'scenario.ts': `
    import { insmod, rmmod, msleep, spawn, wait, run_until_quiet } from 'klab/scenario'
    import { pr_info } from 'linux/printk'
    import { client } from './user'
    export default function () { insmod('driver'); const p = spawn(client); ${body} }`,
})

describe('MiscDeviceRegistration', () => {
  it('gives each file its own data, and errors their numbers', () => {
    const run = runRust(driver(IOCTL), files(`
      const fd = open('/dev/demo', O_RDWR)
      const first = ioctl(fd, 1, 1)
      const second = ioctl(fd, 2, 1)
      const error = errno()
      close(fd)
      return first * 1000 - second * 100 + error
    `, "pr_info('say ' + wait(p) + '\\n'); rmmod('driver')"))
    expect(said(run)).toEqual(['open demo', 'ioctl done', 'release', 'say 5122'])
    expect(kinds(run)).toEqual([])
  })

  it('waits in its drop for an open that is under way, and stops new ones (R-11)', () => {
    const run = runRust(driver(`
      static open(file: unknown, misc: MiscDeviceRegistration) {
        msleep(50)
        pr_info('open ' + misc.device().name() + '\\n')
        return KBox.new(new Demo(), GFP_KERNEL)
      }`), files(`
      const fd = open('/dev/demo', O_RDWR)
      close(fd)
    `, "msleep(5); rmmod('driver'); pr_info('say gone\\n'); wait(p)"))
    expect(said(run).indexOf('open demo')).toBe(0)
    expect(said(run)).toContain('say gone')
  })

  it('does not wait for calls on open files: their text goes away under them (R-11, R-12)', () => {
    const run = runRust(driver(IOCTL), files(`
      const fd = open('/dev/demo', O_RDWR)
      ioctl(fd, 1, 100)
      close(fd)
    `, "msleep(10); rmmod('driver'); pr_info('say gone\\n'); wait(p)"))
    expect(said(run)).toEqual(['open demo', 'say gone'])
    expect(kinds(run)).toContain('text.execute-after-unload')
  })

  it('does not pin the module by open files: closing one runs text that is gone (R-12)', () => {
    const run = runRust(driver(IOCTL), files(`
      const fd = open('/dev/demo', O_RDWR)
      usleep(100000)
      close(fd)
    `, "msleep(10); pr_info('say rmmod ' + rmmod('driver') + '\\n'); wait(p)"))
    expect(said(run)).toEqual(['open demo', 'say rmmod 0'])
    expect(kinds(run)).toContain('text.execute-after-unload')
  })

  it('runs code of the module at the close even where nothing was written for it (R-12)', () => {
    const plain = driver('static open() { return 1 }').replace(/drop\(\) \{.*\}\n/, '')
    const run = runRust(plain, files(`
      const fd = open('/dev/demo', O_RDWR)
      usleep(100000)
      close(fd)
    `, "msleep(10); rmmod('driver'); wait(p)"))
    expect(kinds(run)).toEqual(['text.execute-after-unload'])
  })

  it('refuses a name that is taken, and drops nothing twice', () => {
    const run = runRust(`
      import { module } from 'rust/module'
      import { MiscDeviceRegistration } from 'rust/miscdevice'
      class Demo { static open() { return KBox.new(new Demo(), GFP_KERNEL) } }
      class M {
        static init() {
          const first = MiscDeviceRegistration.register({ name: 'demo' }, Demo)
          try { MiscDeviceRegistration.register({ name: 'demo' }, Demo) } catch (e) { pr_info('say ' + e + '\\n') }
          drop(first)
          drop(MiscDeviceRegistration.register({ name: 'demo' }, Demo))
          return new M()
        }
      }
      module({ type: M })`)
    expect(said(run)).toEqual(['say EEXIST'])
    expect(kinds(run)).toEqual(['sysfs.duplicate-name'])
  })
})

describe('drm::Registration (R-15)', () => {
  const drm = `
    import * as drm from 'rust/drm'
    class Data {
      constructor(readonly bar: Devres<pci.Bar>) {}
      drop() { pr_info('drop data\\n') }
    }
    class File { drop() { pr_info('release\\n') } }
    class Driver {
      static INFO = { name: 'demo' }
      static IOCTLS: drm.Ioctl<Data, File>[] = [[0, 8, Driver.read]]
      static open(dev: drm.Device<Data>) { pr_info('open\\n'); return new File() }
      static read(dev: drm.Device<Data>, arg: unknown, file: File): number {
        using bar = dev.value.bar.try_access()
        pr_info('ioctl ' + (bar === null ? 'without a device' : bar.value.read32(0)) + '\\n')
        if (bar === null) throw code.ENXIO
        return 0
      }
    }
    class D {
      static ID_TABLE = IDS
      constructor(readonly drm: drm.Device<Data>) {}
      static probe(pdev: pci.Device<Core>) {
        pdev.enable_device_mem()
        using dev = drm.Device.new(pdev, Driver, new Data(pdev.iomap_region_sized(0, 'demo', 0x100).into_devres()))
        drm.Registration.new_foreign_owned(dev, pdev)
        return new D(dev.clone())
      }
      static unbind() { pr_info('unbind\\n') }
      drop() { pr_info('drop driver\\n') }
    }
    pci.module_pci_driver({ type: D, name: 'demo' })`

  it('keeps letting calls on open files in after unbind: only Devres contents fail', () => {
    const run = runRust(drm, {
      'user.ts': `
        import { open, close, ioctl, usleep, O_RDWR, errno } from 'user/libc'
        export function client() {
          const fd = open('/dev/dri/card0', O_RDWR)
          ioctl(fd, 0x6440, 0)
          usleep(100000)
          ioctl(fd, 0x6440, 0)
          const error = errno()
          close(fd)
          return error
        }`,
      'scenario.ts': `
        import { insmod, rmmod, echo, msleep, spawn, wait } from 'klab/scenario'
        import { pr_info } from 'linux/printk'
        import { client } from './user'
        export default function () {
          insmod('driver'); const p = spawn(client); msleep(10)
          echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0')
          pr_info('say ' + wait(p) + '\\n'); rmmod('driver')
        }`,
    })
    expect(said(run)).toEqual([
      'open', 'ioctl 16777453', 'unbind', 'drop driver', 'ioctl without a device', 'release',
      'drop data', 'say 6',
    ])
    expect(kinds(run)).toEqual([])
  })

  it('does not pin the module by open files either (R-12)', () => {
    const run = runRust(drm.replace("class File { drop() { pr_info('release\\n') } }", 'class File {}'), {
      'user.ts': `
        import { open, close, usleep, O_RDWR } from 'user/libc'
        export function client() { const fd = open('/dev/dri/card0', O_RDWR); usleep(200000); close(fd); return 0 }`,
      'scenario.ts': `
        import { insmod, rmmod, msleep, spawn, wait } from 'klab/scenario'
        import { pr_info } from 'linux/printk'
        import { client } from './user'
        export default function () {
          insmod('driver'); const p = spawn(client); msleep(10)
          pr_info('say ' + rmmod('driver') + '\\n'); wait(p)
        }`,
    })
    expect(said(run)).toEqual(['open', 'unbind', 'drop driver', 'say 0'])
    expect(kinds(run)[0]).toBe('text.execute-after-unload')
  })

  it('must be given to the parent of the device: EINVAL', () => {
    const run = runRust(drm.replace(
      'drm.Registration.new_foreign_owned(dev, pdev)',
      `if (!first) first = dev.clone()
       else try { drm.Registration.new_foreign_owned(first, pdev) } catch (e) { pr_info('say ' + e + '\\n') }`,
    ) + '\nlet first: drm.Device<Data> | null = null', {
      'machine.ts': `import { machine } from 'klab/machine'
        export default machine({ pci: [{ slot: '01:00.0', model: 'edu' }, { slot: '02:00.0', model: 'edu' }] })`,
      'scenario.ts': "import { insmod } from 'klab/scenario'\nexport default function () { insmod('driver') }",
    })
    expect(said(run)).toEqual(['say EINVAL'])
  })
})
