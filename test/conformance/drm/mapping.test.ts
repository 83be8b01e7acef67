import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { physicalMemory } from '../../../src-sim/kernel/mm/physical'
import * as drv from '../../../src-sim/linux/drm/drm_drv'
import type { file_operations } from '../../../src-sim/linux/fs'
import * as mm from '../../../src-sim/linux/mm'
import { get_current } from '../../../src-sim/linux/sched'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { load32, store32 } from '../../../src-sim/linux/user/mman'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'
import { card, cardOn, driverOf, fops, openCard } from './kit'

type Mapping = ReturnType<typeof libc.mmap>

/** What lies behind the addresses of a mapping of this process. */
const areaAt = (mapping: Mapping): mm.vm_area_struct => mm.vma_lookup(get_current().mm!, mapping)!
const shows = (mapping: Mapping): boolean =>
  get_current().mm!.$table.get(mapping / mm.PAGE_SIZE) !== null

/** A card whose memory is one page of RAM, put behind each page as it is touched, while it is there. */
function* faulting(kit: Kit): Sim<card> {
  const page = physicalMemory(kit.machine).allocPages(1)!
  const index = ptr(0)
  let c: card | null = null
  const ops: mm.vm_operations_struct = {
    fault(vmf) {
      kit.say('fault')
      if (!drv.drm_dev_enter(c!.drm, index)) return mm.VM_FAULT_SIGBUS
      const ret = mm.vmf_insert_pfn(vmf.vma, vmf.address, page / mm.PAGE_SIZE)
      drv.drm_dev_exit(index.value)
      return ret
    },
  }
  const mmap: file_operations['mmap'] = (_file, vma) => {
    vma.vm_ops = ops
    mm.vm_flags_set(vma, mm.VM_PFNMAP | mm.VM_IO | mm.VM_DONTEXPAND)
    return 0
  }
  ;[c] = yield* cardOn(kit, { ...driverOf(kit), fops: fops({ mmap }) })
  return c
}

function* map(): Sim<Mapping> {
  const fd = yield* openCard()
  return yield* sim(libc.mmap(null, 4096, 3, libc.MAP_SHARED, fd, 0))
}

test('DM-85: unplugging takes away what programs have mapped; the next fault is the driver\'s', () => {
  const k = play(function* (kit) {
    const c = yield* faulting(kit)
    const program = yield* sim(
      libc.fork(function* (): Sim {
        const mapping = yield* map()
        yield* sim(store32(mapping, 4, 42))
        kit.say(`reads ${yield* sim(load32(mapping, 4))}`)
        yield* sim(drv.drm_dev_unplug(c.drm))
        yield* sim(load32(mapping, 4))
        kit.say('not reached')
      } as never),
    )
    expect(yield* sim(libc.waitpid(program))).toBe(135)
  })
  expect(k.log.slice(0, 3)).toEqual(['fault', 'reads 42', 'fault'])
  expect(k.log).not.toContain('not reached')
  expect(k.kinds).toEqual([])
})

test('DM-85: all files of a device share one mapping; those of another device are left alone', () => {
  const k = play(function* (kit) {
    const c = yield* faulting(kit)
    const [a, b] = [yield* map(), yield* map()]
    for (const mapping of [a, b]) yield* sim(load32(mapping, 0))
    yield* sim(mm.unmap_mapping_range(c.drm.$mapping, 0, 0, 1))
    yield* sim(load32(b, 0))
    expect(shows(a)).toBe(false)
    expect(shows(b)).toBe(true)
    yield* sim(mm.zap_vma_ptes(areaAt(b), b, 4096))
    expect(shows(b)).toBe(false)
  })
  expect(k.log.filter((line) => line === 'fault')).toHaveLength(3)
})

test('remap_pfn_range refuses what lies outside of the mapping', () => {
  play(function* (kit) {
    yield* faulting(kit)
    const vma = areaAt(yield* map())
    expect(mm.remap_pfn_range(vma, vma.vm_start, 1, 4096, 0)).toBe(0)
    expect(mm.remap_pfn_range(vma, vma.vm_start, 1, 8192, 0)).toBe(-22)
    expect(mm.remap_pfn_range(vma, vma.vm_start - 4096, 1, 4096, 0)).toBe(-22)
    expect(mm.vm_iomap_memory(vma, 4096, 4096)).toBe(0)
    vma.vm_pgoff = 1
    expect(mm.vm_iomap_memory(vma, 4096, 4096)).toBe(-22)
  })
})
