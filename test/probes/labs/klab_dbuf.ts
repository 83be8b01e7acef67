import { dev_name, type device } from 'linux/device'
import { DEFINE_DMA_BUF_EXPORT_INFO, dma_buf_export, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { dma_map_sgtable, dma_unmap_sgtable } from 'linux/dma-mapping'
import { dma_resv_is_locked } from 'linux/dma-resv'
import { EIO, ENOMEM } from 'linux/errno'
import { ERR_PTR } from 'linux/err'
import { O_RDWR } from 'linux/fs'
import { __free_pages, alloc_pages } from 'linux/gfp'
import { platform_device_register_simple, type platform_device } from 'linux/platform_device'
import { sg_alloc_table, sg_free_table, sg_page, sg_set_page, sg_table } from 'linux/scatterlist'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { KLAB } from './klab'

/** An exporter of four pages that tells what it is asked. */
export const xd = { attach_ret: 0, map_ret: 0 }

export function xd_attach(b: dma_buf, a: dma_buf_attachment) {
  KLAB('op', 'attach dev=%s ret=%d', dev_name(a.dev!), xd.attach_ret)
  return xd.attach_ret
}
export function xd_detach(b: dma_buf, a: dma_buf_attachment) {
  KLAB('op', 'detach dev=%s', dev_name(a.dev!))
}
export function xd_map(a: dma_buf_attachment, d: number): sg_table | null {
  const t = kzalloc(sg_table, GFP_KERNEL)!
  KLAB('op', 'map dev=%s dir=%d resv_locked=%d', dev_name(a.dev!), d, dma_resv_is_locked(a.dmabuf!.resv!))
  if (xd.map_ret) {
    kfree(t)
    return xd.map_ret === 1 ? null : ERR_PTR(xd.map_ret)
  }
  const p = alloc_pages(GFP_KERNEL, 2)!
  if (sg_alloc_table(t, 1, GFP_KERNEL)) return ERR_PTR(-ENOMEM)
  sg_set_page(t.sgl[0]!, p, 16384, 0)
  if (dma_map_sgtable(a.dev!, t, d, 0)) return ERR_PTR(-EIO)
  return t
}
export function xd_unmap(a: dma_buf_attachment, t: sg_table, d: number) {
  KLAB('op', 'unmap dev=%s dir=%d', dev_name(a.dev!), d)
  dma_unmap_sgtable(a.dev!, t, d, 0)
  __free_pages(sg_page(t.sgl[0]!)!, 2)
  sg_free_table(t)
  kfree(t)
}
export function xd_release(b: dma_buf) {
  KLAB('op', 'release')
}
export function xd_export(ops: dma_buf_ops): dma_buf {
  const e = DEFINE_DMA_BUF_EXPORT_INFO('e')
  e.ops = ops
  e.size = 16384
  e.flags = O_RDWR
  e.priv = 1
  return dma_buf_export(e)
}
const xd_pd: platform_device[] = []
export function xd_dev(n: number): device {
  xd_pd[n] = platform_device_register_simple('klabimp', n, null, 0)
  return xd_pd[n]!.dev
}
