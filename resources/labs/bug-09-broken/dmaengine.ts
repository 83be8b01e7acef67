import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { EXPORT_SYMBOL_GPL } from 'linux/module'

/** The part of the DMA engine layer that this lab needs: channels that somebody lends. */
export class dma_chan {
  addr_width = 0
  cookie = 0
}

/** NULL when no channel is free. May sleep. */
export function dma_request_channel() {
  return kzalloc(dma_chan, GFP_KERNEL)
}

export function dma_release_channel(chan: dma_chan) {
  kfree(chan)
}

export function dmaengine_slave_config(chan: dma_chan, addr_width: number) {
  chan.addr_width = addr_width
  return 0
}

/** Hands a transfer to the channel; the cookie stands for it. */
export function dmaengine_submit(chan: dma_chan) {
  return ++chan.cookie
}

EXPORT_SYMBOL_GPL(dma_release_channel)
EXPORT_SYMBOL_GPL(dma_request_channel)
EXPORT_SYMBOL_GPL(dmaengine_slave_config)
EXPORT_SYMBOL_GPL(dmaengine_submit)
