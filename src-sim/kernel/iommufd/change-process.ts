import type { Sim } from '../../engine/suspend'
import { EBUSY, EINVAL, EOPNOTSUPP } from '../errno'
import { upWrite } from '../locking/rwsem'
import { currentMm } from '../mm/current-mm'
import type { mm_struct } from '../mm/mm-struct'
import { accountFor } from './account'
import type { Ioas } from './ioas'
import { writeLock } from './lock'
import type { IoptPages } from './pages'
import type { Ucmd } from './ucmd'

/** IOMMUFD-10: what is pinned counts for the calling process from now on, all of it or nothing. */
export function* changeProcess(ucmd: Ucmd): Sim<number> {
  if (ucmd.cmd['__reserved']) return -EOPNOTSUPP
  const tables = ucmd.ictx.objects.filter((o) => o.type === 'ioas') as Ioas[]
  for (const { iopt } of tables) yield* writeLock(iopt.iovaLock)
  const mm = currentMm()
  const ret = mm ? move(ucmd, tables, mm) : -EINVAL
  for (const { iopt } of tables.reverse()) upWrite(iopt.iovaLock)
  return ret
}

function move({ ictx }: Ucmd, tables: readonly Ioas[], mm: mm_struct): number {
  const all = new Set<IoptPages>()
  for (const { iopt } of tables)
    for (const { pages } of iopt.areas) {
      if (!pages) return -EBUSY
      if (pages.source.kind !== 'file') return -EINVAL
      all.add(pages)
    }
  const moved: { pages: IoptPages; mm: mm_struct; by: IoptPages['by'] }[] = []
  for (const pages of all) {
    const before = { pages, mm: pages.mm, by: pages.by }
    const ret = pages.moveTo(mm, accountFor(ictx.accountMode))
    if (!ret) {
      moved.push(before)
      continue
    }
    for (const one of moved.reverse()) one.pages.moveTo(one.mm, one.by)
    return ret
  }
  return 0
}
