import { type device } from 'linux/device'
import { msleep } from 'linux/delay'
import { dma_buf_detach, dma_buf_dynamic_attach, dma_buf_get, dma_buf_put, type dma_buf, type dma_buf_attach_ops, type dma_buf_attachment } from 'linux/dma-buf'
import { ENOMEM, ENOTTY } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { type file, type file_operations } from 'linux/fs'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { module_platform_driver, type platform_device } from 'linux/platform_device'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'

const IMPORT = 3

/** Where the object is to the GPU. */
class ttm_resource {
  stale = false
}

class xe_bo {
  resource: ttm_resource | null = null
}

/** The exporter moves the buffer: what the GPU knows of it must not be used any more. */
function xe_dma_buf_move_notify(attach: dma_buf_attachment) {
  const bo: xe_bo = attach.importer_priv
  bo.resource!.stale = true
}

const xe_attach_ops: dma_buf_attach_ops = {
  allow_peer2peer: true,
  invalidate_mappings: xe_dma_buf_move_notify,
}

/** Gives the object its placement; may have to wait for space. 0 or -errno. */
function xe_bo_init(bo: xe_bo): number {
  msleep(8)
  bo.resource = kzalloc(ttm_resource, GFP_KERNEL)
  return bo.resource ? 0 : -ENOMEM
}

function xe_import(dev: device, dmabuf: dma_buf): number {
  const bo = kzalloc(xe_bo, GFP_KERNEL)
  if (!bo) return -ENOMEM
  const attach = dma_buf_dynamic_attach(dmabuf, dev, xe_attach_ops, bo)
  if (IS_ERR(attach)) {
    kfree(bo)
    return PTR_ERR(attach)
  }
  const ret = xe_bo_init(bo) // the exporter knows the object already
  if (ret) {
    dma_buf_detach(dmabuf, attach)
    kfree(bo)
    return ret
  }
  msleep(4) // the GPU works with it
  dma_buf_detach(dmabuf, attach)
  kfree(bo.resource)
  kfree(bo)
  return 0
}

let importer: device

function xe_ioctl(filp: file, cmd: number, fd: number): number {
  if (cmd !== IMPORT) return -ENOTTY
  const dmabuf = dma_buf_get(fd)
  if (IS_ERR(dmabuf)) return PTR_ERR(dmabuf)
  const ret = xe_import(importer, dmabuf)
  dma_buf_put(dmabuf)
  return ret
}

const xe_fops: file_operations = { owner: THIS_MODULE, unlocked_ioctl: xe_ioctl }
const xe_misc = new miscdevice()

function xe_probe(pdev: platform_device) {
  importer = pdev.dev
  xe_misc.minor = MISC_DYNAMIC_MINOR
  xe_misc.name = 'importer'
  xe_misc.fops = xe_fops
  return misc_register(xe_misc)
}

function xe_remove(pdev: platform_device) {
  misc_deregister(xe_misc)
}

module_platform_driver({ probe: xe_probe, remove: xe_remove, driver: { name: 'importer' } })
