import { DEFINE_DMA_BUF_EXPORT_INFO, dma_buf_export, dma_buf_fd, dma_buf_put, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { EFAULT, EINVAL, ENOMEM, ENOTTY } from 'linux/errno'
import { ERR_PTR, IS_ERR, PTR_ERR } from 'linux/err'
import { O_RDWR, type file, type file_operations } from 'linux/fs'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { module_exit, module_init, THIS_MODULE } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { type sg_table } from 'linux/scatterlist'
import { copy_to_user } from 'linux/uaccess'

const ALLOC = 1

class fastrpc_buf {
  size = 0
}

function fastrpc_map_dma_buf(attach: dma_buf_attachment, dir: number): sg_table | null {
  return ERR_PTR(-EINVAL) // no importer in this lab
}
function fastrpc_unmap_dma_buf(attach: dma_buf_attachment, table: sg_table, dir: number) {}
function fastrpc_release(dmabuf: dma_buf) {
  kfree(dmabuf.priv)
}

const fastrpc_dma_buf_ops: dma_buf_ops = {
  map_dma_buf: fastrpc_map_dma_buf,
  unmap_dma_buf: fastrpc_unmap_dma_buf,
  release: fastrpc_release,
}

function fastrpc_dmabuf_alloc(arg: { size: number; result: { value: number } | null }): number {
  const buf = kzalloc(fastrpc_buf, GFP_KERNEL)
  if (!buf) return -ENOMEM
  buf.size = arg.size
  const info = DEFINE_DMA_BUF_EXPORT_INFO('info')
  info.ops = fastrpc_dma_buf_ops
  info.size = arg.size
  info.flags = O_RDWR
  info.priv = buf
  const dmabuf = dma_buf_export(info)
  if (IS_ERR(dmabuf)) {
    kfree(buf)
    return PTR_ERR(dmabuf)
  }
  const fd = dma_buf_fd(dmabuf, 0)
  if (fd < 0) {
    dma_buf_put(dmabuf)
    return fd
  }
  if (copy_to_user(arg.result, { value: fd }, 4)) {
    // The descriptor is already there, and the reference is its: this one is somebody else's.
    dma_buf_put(dmabuf)
    return -EFAULT
  }
  return 0
}

function fastrpc_ioctl(filp: file, cmd: number, arg: any): number {
  return cmd === ALLOC ? fastrpc_dmabuf_alloc(arg) : -ENOTTY
}

const fastrpc_fops: file_operations = { owner: THIS_MODULE, unlocked_ioctl: fastrpc_ioctl }
const fastrpc_misc = new miscdevice()

function fastrpc_init() {
  fastrpc_misc.minor = MISC_DYNAMIC_MINOR
  fastrpc_misc.name = 'fastrpc'
  fastrpc_misc.fops = fastrpc_fops
  return misc_register(fastrpc_misc)
}

function fastrpc_exit() {
  misc_deregister(fastrpc_misc)
}

module_init(fastrpc_init)
module_exit(fastrpc_exit)
