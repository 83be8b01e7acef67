import { pci_dev, pci_device_id, PCI_DEVICE, pci_enable_device, pci_disable_device, pci_register_driver, pci_set_master, pci_iomap, pci_iounmap } from 'linux/pci'
import { miscdevice, misc_register, misc_deregister } from 'linux/miscdevice'
import { file } from 'linux/fs'
import { THIS_MODULE } from 'linux/module'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { iommufd_ctx, iommufd_ctx_from_fd, iommufd_ctx_put, iommufd_device, iommufd_device_bind, iommufd_device_unbind, iommufd_device_attach, iommufd_device_detach, iommufd_device_replace, iommufd_device_to_id } from 'linux/iommufd'
import { writel, readl, iomem } from 'linux/io'
import { ptr } from 'linux/types'
import { msleep } from 'linux/delay'
import { ENOTTY } from 'linux/errno'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
const m = new miscdevice()
let dev: pci_dev
let regs: iomem
let c: iommufd_ctx
let d: iommufd_device
function copy(from: number, to: number, command: number) {
  writel(from, regs + 0x80)
  writel(to, regs + 0x88)
  writel(4, regs + 0x90)
  writel(command, regs + 0x98)
  msleep(150)
  return readl(regs + 0x98) & 1
}
function start(fd: number) {
  c = iommufd_ctx_from_fd(fd)
  const id = ptr(0)
  d = iommufd_device_bind(c, dev.dev, id)
  if (IS_ERR(d)) { KLAB('bind', 'err=%d', PTR_ERR(d)); return PTR_ERR(d) }
  KLAB('bind', 'id=%d same=%d', id.value, iommufd_device_to_id(d) === id.value ? 1 : 0)
  const pt = ptr(99)
  KLAB('attach', 'none=%d', iommufd_device_attach(d, 0, pt))
  pt.value = id.value
  KLAB('attach', 'device=%d replace=%d', iommufd_device_attach(d, 0, pt), iommufd_device_replace(d, 0, ptr(1)))
  pt.value = 1
  KLAB('attach', 'ret=%d hwpt=%d', iommufd_device_attach(d, 0, pt), pt.value)
  KLAB('attach', 'again=%d', iommufd_device_attach(d, 0, ptr(1)))
  KLAB('dma', 'busy=%d', copy(0x100000, 0x40000, 1))
  KLAB('dma', 'busy=%d', copy(0x40000, 0x101000, 3))
  return 0
}
function stop() {
  iommufd_device_detach(d, 0)
  iommufd_device_unbind(d)
  iommufd_ctx_put(c)
  return 0
}
function io(f: file, cmd: number, arg: any) { return cmd === 1 ? start(arg) : cmd === 2 ? stop() : -ENOTTY }
function pr(p: pci_dev, id: pci_device_id) { dev = p; pci_enable_device(p); pci_set_master(p); regs = pci_iomap(p, 0, 0); return 0 }
function rm(p: pci_dev) { pci_iounmap(p, regs); pci_disable_device(p) }
const drv = { name: 'klabbind', driver_managed_dma: true, id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe: pr, remove: rm }
function probe() {
  KLAB('register', 'ret=%d', pci_register_driver(drv))
  m.name = 'klabbind'
  m.fops = { owner: THIS_MODULE, unlocked_ioctl: io }
  KLAB('misc', 'ret=%d', misc_register(m))
}
function bye() { misc_deregister(m); KLAB('exit', 'called=1') }
KLAB_PROBE_EXIT('iommufd-bind', probe, bye)
