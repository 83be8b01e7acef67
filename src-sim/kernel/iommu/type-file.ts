import type { Sim } from '../../engine/suspend'
import { EINVAL, ENOMEM, EPERM } from '../errno'
import { setUpDefault, defaultType, TYPE_WORDS } from './default-domain'
import { goLazy, setUpDma } from './dma-domain'
import { IOMMU_DOMAIN_DMA, IOMMU_DOMAIN_DMA_FQ } from './domain'
import { withGroup, type iommu_group } from './group'

/** A write to a group's `type` file (IOMMU-11). The answer of one write: bytes or -errno. */
export function* storeType(group: iommu_group, text: string): Sim<number> {
  const wanted = TYPE_WORDS[text.trim()]
  if (wanted === undefined) return -EINVAL
  return yield* withGroup(group, function* () {
    const { default_domain: now } = group
    if (!now || group.$devices.length === 0) return -EINVAL
    if (wanted === IOMMU_DOMAIN_DMA_FQ && now.type === IOMMU_DOMAIN_DMA) {
      const type = yield* defaultType(group, wanted)
      if (type < 0) return type
      return goLazy(now) ? text.length : -ENOMEM
    }
    if (group.owner_cnt > 0) return -EPERM
    const ret = yield* setUpDefault(group, wanted)
    if (ret) return ret
    for (const { dev } of group.$devices) setUpDma(dev, group.default_domain!)
    return text.length
  })
}
