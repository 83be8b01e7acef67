import { miscdevice, misc_register, misc_deregister } from 'linux/miscdevice'
import { file, inode } from 'linux/fs'
import { THIS_MODULE } from 'linux/module'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { iommufd_ctx, iommufd_ctx_from_fd, iommufd_ctx_put, iommufd_access, iommufd_access_create, iommufd_access_destroy, iommufd_access_attach, iommufd_access_detach, iommufd_access_pin_pages, iommufd_access_unpin_pages, iommufd_access_rw, IOMMUFD_ACCESS_RW_WRITE } from 'linux/iommufd'
import { page } from 'linux/mm'
import { ptr } from 'linux/types'
import { ENOTTY } from 'linux/errno'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
const m = new miscdevice()
let a: iommufd_access
let c: iommufd_ctx
let pinned = 0
function unmap(data: unknown, iova: number, length: number) {
  KLAB('unmap', 'iova=0x%x length=%d pinned=%d', iova, length, pinned)
  if (pinned) iommufd_access_unpin_pages(a, pinned, 4096)
  pinned = 0
}
function start(fd: number) {
  c = iommufd_ctx_from_fd(fd)
  if (IS_ERR(c)) { KLAB('ctx', 'err=%d', PTR_ERR(c)); return PTR_ERR(c) }
  const id = ptr(0)
  a = iommufd_access_create(c, { needs_pin_pages: 1, unmap }, null, id)
  KLAB('access', 'id=%d', id.value)
  const pages: page[] = []
  KLAB('early', 'pin=%d', iommufd_access_pin_pages(a, 0x100000, 4096, pages, 0))
  KLAB('attach', 'none=%d ret=%d', iommufd_access_attach(a, 77), iommufd_access_attach(a, 1))
  KLAB('pin', 'zero=%d hole=%d odd=%d', iommufd_access_pin_pages(a, 0x100000, 0, pages, 0), iommufd_access_pin_pages(a, 0x100000, 0x10000, pages, 0), iommufd_access_pin_pages(a, 0x100010, 4096, pages, 0))
  KLAB('pin', 'ret=%d', iommufd_access_pin_pages(a, 0x101000, 4096, pages, IOMMUFD_ACCESS_RW_WRITE))
  pinned = 0x101000
  const b = new Uint8Array([1, 2, 3, 4])
  KLAB('rw', 'write=%d hole=%d', iommufd_access_rw(a, 0x100ffe, b, 4, IOMMUFD_ACCESS_RW_WRITE), iommufd_access_rw(a, 0x101ffe, b, 4, 0))
  return 0
}
function io(f: file, cmd: number, arg: any) {
  if (cmd === 1) return start(arg)
  if (cmd !== 2) return -ENOTTY
  iommufd_access_detach(a)
  iommufd_access_destroy(a)
  iommufd_ctx_put(c)
  return 0
}
function probe() {
  m.name = 'klabacc'
  m.fops = { owner: THIS_MODULE, unlocked_ioctl: io }
  KLAB('register', 'ret=%d', misc_register(m))
}
function bye() { misc_deregister(m); KLAB('exit', 'called=1') }
KLAB_PROBE_EXIT('iommufd-access', probe, bye)
