import { EINVAL } from '../errno'
import type { DmaBackend } from './backend'
import { DMA_MAPPING_ERROR, MASK_32 } from './dma-device'
import { warnOnce } from './once'

const never = (what: string) => (): void =>
  warnOnce('dummy', `kernel/dma/dummy.c at dma_dummy_${what}`, null, ['DMA-63'])

/** For devices of which the firmware says that they cannot do DMA (DMA-63). */
export const dummyBackend: DmaBackend = {
  name: 'dummy',
  canSkipSync: false,
  mapPhys: () => DMA_MAPPING_ERROR,
  unmapPhys: never('unmap_phys'),
  mapSg: () => -EINVAL,
  unmapSg: never('unmap_sg'),
  alloc: () => null,
  free: () => {},
  allocPages: () => null,
  freePages: () => {},
  syncForCpu: () => {},
  syncForDevice: () => {},
  supported: () => false,
  requiredMask: () => MASK_32,
  addressingLimited: () => false,
  maxMappingSize: () => Infinity,
  optMappingSize: () => Infinity,
  mergeBoundary: () => 0,
  needSync: () => true,
  pagesOf: () => null,
}
