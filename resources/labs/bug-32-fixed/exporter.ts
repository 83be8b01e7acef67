import { DEFINE_DMA_BUF_EXPORT_INFO, dma_buf_export, dma_buf_fd, dma_buf_invalidate_mappings, dma_buf_put, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { dma_resv_lock, dma_resv_unlock } from 'linux/dma-resv'
import { EBUSY, ENODEV, ENOTTY } from 'linux/errno'
import { ERR_PTR, IS_ERR, PTR_ERR } from 'linux/err'
import { get_file_active, O_RDWR, type file, type file_operations } from 'linux/fs'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { module_exit, module_init, THIS_MODULE } from 'linux/module'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { type sg_table } from 'linux/scatterlist'
import { ptr_to } from 'linux/types'

/** A card with one buffer, which it moves in and out of its memory when it is asked to. */
const EXPORT = 1
const MOVE = 2

class vram_state {
  buffer: dma_buf | null = null
  moves = 0
}
const vram = new vram_state()
const vram_lock = DEFINE_MUTEX('vram_lock')

const vram_ops: dma_buf_ops = {
  pin: (attach: dma_buf_attachment) => -EBUSY,
  unpin(attach: dma_buf_attachment) {},
  map_dma_buf: (attach: dma_buf_attachment, dir: number): sg_table | null => ERR_PTR(-ENODEV),
  unmap_dma_buf(attach: dma_buf_attachment, table: sg_table, dir: number) {},
  release(dmabuf: dma_buf) {
    mutex_lock(vram_lock)
    vram.buffer = null
    mutex_unlock(vram_lock)
  },
}

function vram_export(): number {
  const info = DEFINE_DMA_BUF_EXPORT_INFO('info')
  info.ops = vram_ops
  info.size = 65536
  info.flags = O_RDWR
  info.priv = vram
  const dmabuf = dma_buf_export(info)
  if (IS_ERR(dmabuf)) return PTR_ERR(dmabuf)
  mutex_lock(vram_lock)
  vram.buffer = dmabuf
  mutex_unlock(vram_lock)
  const fd = dma_buf_fd(dmabuf, 0)
  if (fd < 0) dma_buf_put(dmabuf)
  return fd
}

/** Tells all importers, under the lock that they share, and then moves the content. */
function vram_move(): number {
  mutex_lock(vram_lock)
  const dmabuf = vram.buffer
  const alive = dmabuf && get_file_active(ptr_to(dmabuf, 'file')) // not when it is being released
  mutex_unlock(vram_lock)
  if (!dmabuf || !alive) return -ENODEV
  dma_resv_lock(dmabuf.resv!, null)
  dma_buf_invalidate_mappings(dmabuf)
  vram.moves++
  dma_resv_unlock(dmabuf.resv!)
  dma_buf_put(dmabuf)
  return 0
}

function vram_ioctl(filp: file, cmd: number, arg: any): number {
  if (cmd === EXPORT) return vram_export()
  return cmd === MOVE ? vram_move() : -ENOTTY
}

const vram_fops: file_operations = { owner: THIS_MODULE, unlocked_ioctl: vram_ioctl }
const vram_misc = new miscdevice()

function vram_init() {
  vram_misc.minor = MISC_DYNAMIC_MINOR
  vram_misc.name = 'vram'
  vram_misc.fops = vram_fops
  return misc_register(vram_misc)
}

function vram_exit() {
  misc_deregister(vram_misc)
}

module_init(vram_init)
module_exit(vram_exit)
