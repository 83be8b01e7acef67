import { dma_buf_fd, dma_buf_put, get_dma_buf, type dma_buf, type dma_buf_ops } from 'linux/dma-buf'
import { msleep } from 'linux/delay'
import { file_count, type file, type file_operations } from 'linux/fs'
import { kthread_run, kthread_should_stop, kthread_stop } from 'linux/kthread'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
import { xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

/** When the release function runs: after a put in a call, in a kernel thread, and at a close. */
const ops: dma_buf_ops = { map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
function thread(b: dma_buf) {
  dma_buf_put(b)
  KLAB('thread', 'put returned=1')
  msleep(100)
  KLAB('thread', 'later=1')
  while (!kthread_should_stop()) msleep(10)
  return 0
}
function io(f: file, cmd: number, arg: unknown): number {
  const b = xd_export(ops)
  if (cmd === 1) {
    dma_buf_put(b)
    KLAB('call', 'put returned=1')
    msleep(100)
    KLAB('call', 'returns=1')
    return 0
  }
  if (cmd === 2) {
    const t = kthread_run(thread, b, 'klab-put')
    msleep(200)
    kthread_stop(t)
    return 0
  }
  get_dma_buf(b)
  const fd = dma_buf_fd(b, 0)
  dma_buf_put(b)
  KLAB('call', 'refs=%ld', file_count(b.file!))
  return fd
}
const fo: file_operations = { owner: THIS_MODULE, unlocked_ioctl: io }
const md = new miscdevice()
function probe() {
  md.minor = MISC_DYNAMIC_MINOR
  md.name = 'klabdev'
  md.fops = fo
  misc_register(md)
}
KLAB_PROBE_EXIT('dbuf-release', probe, () => misc_deregister(md))
