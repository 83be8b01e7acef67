import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { EFAULT, EINVAL, EOPNOTSUPP } from '../errno'
import { IOMMU_WRITE } from '../iommu/domain'
import { currentMm } from '../mm/current-mm'
import { filePages } from './file-pages'
import { checkMap, IOMMU_IOAS_MAP_FIXED_IOVA, protOf, withIoas, type Ioas } from './ioas'
import { makePages, type IoptPages } from './pages'
import { userSource } from './sources'
import type { Ucmd } from './ucmd'

/** Lets a context map the whole of some pages; the address in `cmd.iova`. 0 or -errno. */
function* mapWhole(ucmd: Ucmd, { iopt }: Ioas, pages: IoptPages, startByte: number): Sim<number> {
  const { cmd } = ucmd
  const wanted = cmd['flags'] & IOMMU_IOAS_MAP_FIXED_IOVA ? cmd['iova'] : null
  const slices = [{ pages, startByte, length: cmd['length'] as number }]
  const place = yield* iopt.map(slices, wanted, protOf(cmd['flags']))
  yield* pages.put()
  if (place < 0) return place
  cmd['iova'] = place
  return ucmd.respond()
}

/** IOMMUFD-06: memory of the calling program, by its addresses. */
export function* ioasMap(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  if (cmd['__reserved']) return -EOPNOTSUPP
  const wrong = checkMap(cmd['flags'], cmd['iova'], cmd['length'])
  if (wrong) return wrong
  return yield* withIoas(ucmd, cmd['ioas_id'], function* (ioas) {
    const mm = currentMm()
    const address = cmd['user_va'] as unknown
    if (!mm || typeof address !== 'number') return -EFAULT
    const writable = (protOf(cmd['flags']) & IOMMU_WRITE) !== 0
    const source = userSource(mm, address)
    const pages = makePages(source, mm, address, cmd['length'], writable, ucmd.ictx.accountMode)
    if (typeof pages === 'number') return pages
    return yield* mapWhole(ucmd, ioas, pages, address % PAGE_SIZE)
  })
}

/** IOMMUFD-15: memory behind a descriptor. */
export function* ioasMapFile(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  const wrong = checkMap(cmd['flags'], cmd['iova'], cmd['length'])
  if (wrong) return wrong
  return yield* withIoas(ucmd, cmd['ioas_id'], function* (ioas) {
    const mm = currentMm()
    if (!mm) return -EINVAL
    const { fd, start, length, flags } = cmd
    const writable = (protOf(flags) & IOMMU_WRITE) !== 0
    const { accountMode } = ucmd.ictx
    const pages = yield* filePages(fd, mm, start, length, writable, accountMode)
    return typeof pages === 'number' ? pages : yield* mapWhole(ucmd, ioas, pages, start % PAGE_SIZE)
  })
}
