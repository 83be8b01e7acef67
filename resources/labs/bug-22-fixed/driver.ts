import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_map_single, dma_mapping_error, dma_unmap_single, DMA_BIDIRECTIONAL } from 'linux/dma-mapping'
import { FROM_MEMORY, ring_add, ring_engine, ring_init, ring_kick, ring_stop, ring_wait } from './engine'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { devm_kzalloc } from 'linux/device'
import { ENOMEM } from 'linux/errno'
import { dev_info } from 'linux/device'

const MESSAGE = 256
const NPU_GET_STATS = 0x21
const DIRECTION = DMA_BIDIRECTIONAL // the processor answers into the message

class airoha_npu {
  pdev!: pci_dev
  engine = new ring_engine()
}

/** Sends a message to the network processor and waits until it has dealt with it. */
function airoha_npu_send_msg(npu: airoha_npu, message: Uint8Array) {
  const dev = npu.pdev.dev
  const addr = dma_map_single(dev, message, MESSAGE, DIRECTION)
  if (dma_mapping_error(dev, addr)) return -ENOMEM
  const index = ring_add(npu.engine, addr, MESSAGE, FROM_MEMORY)
  ring_kick(npu.engine)
  ring_wait(npu.engine, index)
  dma_unmap_single(dev, addr, MESSAGE, DIRECTION)
  return 0
}

function airoha_npu_get_stats(npu: airoha_npu) {
  const message = kzalloc(MESSAGE, GFP_KERNEL)
  if (!message) return -ENOMEM
  message[0] = NPU_GET_STATS
  const ret = airoha_npu_send_msg(npu, message)
  dev_info(npu.pdev.dev, 'answer: 0x%02x\n', message[0])
  kfree(message)
  return ret
}

function airoha_npu_probe(pdev: pci_dev, id: pci_device_id) {
  const npu = devm_kzalloc(pdev.dev, airoha_npu, GFP_KERNEL)
  if (!npu) return -ENOMEM
  npu.pdev = pdev
  const ret = ring_init(npu.engine, pdev, 8)
  if (ret) return ret
  pci_set_drvdata(pdev, npu)
  return airoha_npu_get_stats(npu)
}

function airoha_npu_remove(pdev: pci_dev) {
  ring_stop(pci_get_drvdata<airoha_npu>(pdev).engine, pdev)
}

module_pci_driver({
  name: 'airoha_npu',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: airoha_npu_probe,
  remove: airoha_npu_remove,
})
