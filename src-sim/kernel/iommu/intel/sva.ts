import { machine } from '../../../engine/current'
import type { Machine } from '../../../engine/machine'
import type { Sim } from '../../../engine/suspend'
import { PAGE_SIZE } from '../../../base/units'
import type { device } from '../../base/device'
import { EINVAL } from '../../errno'
import { errPtr } from '../../err'
import type { mm_struct } from '../../mm/mm-struct'
import { isPresent } from '../../mm/page-table'
import { ADDRESS_MAX } from '../../mm/notify'
import { put, register } from '../../mmu-notifier/register'
import { mmu_notifier } from '../../mmu-notifier/structs'
import { iommu_domain, type iommu_domain_ops } from '../domain'
import { addToQueue, flushDevice, removeFromQueue } from '../iopf-queue'
import { pciOf } from '../pci-group'
import type { ContextEntry } from '../unit'
import { drainPasid, requestQueue } from './page-requests'
import { vtd, type VtdUser } from './vtd'

/** Domains that walk the page table of a process. */
interface SvaPrivate {
  id: number
  users: VtdUser[]
  mm: mm_struct
  notifier: mmu_notifier
}

const svaOf = (domain: iommu_domain): SvaPrivate => domain.$private as SvaPrivate

/** The entry that stays until unbind: accesses vanish without a record (SVA-09). */
const SILENT: ContextEntry = { kind: 'blocked', silent: true }

/** A page that the CPU could use at once; everything else needs a page request. */
function lookUp(mm: mm_struct, address: number, write: boolean): number | null {
  const pte = mm.$table.get(Math.floor(address / PAGE_SIZE))
  if (!pte || !isPresent(pte) || !pte.read || (write && !pte.write)) return null
  pte.young = true
  if (write) pte.dirty = true
  return pte.pfn * PAGE_SIZE
}

const OPS: iommu_domain_ops = {
  set_dev_pasid(domain: iommu_domain, dev, pasid, old) {
    const own = svaOf(domain)
    const pdev = pciOf(dev)
    if (pdev?.pri_enabled && !dev.iommu!.fault_param) addToQueue(requestQueue(machine()), dev)
    const lookup = (address: number, write: boolean): number | null => lookUp(own.mm, address, write)
    const entry: ContextEntry = { kind: 'process', domain, id: own.id, lookup }
    vtd(machine()).attach(domain, dev, pasid, entry, old)
    return 0
  },
  free(domain: iommu_domain) {
    put(svaOf(domain).notifier)
  },
}

/** The address space ends while devices still use it. */
function released(m: Machine, domain: iommu_domain): void {
  const { id, users } = svaOf(domain)
  const { unit } = vtd(m)
  for (const { dev, source, pasid } of users) {
    unit.setContext(source, pasid, SILENT)
    if (!pciOf(dev)?.$gone) unit.invalidateDevice(source, pasid, 0, Infinity)
  }
  unit.invalidateDomain(id)
}

/** `intel_svm_domain_alloc` (SVA-03). */
export function* allocSva(dev: device, mm: mm_struct): Sim<iommu_domain> {
  const pdev = pciOf(dev)
  if (!pdev?.pasid_enabled || !pdev.ats_enabled) return errPtr(-EINVAL)
  if (pdev.pri_cap && !pdev.pri_enabled) return errPtr(-EINVAL)
  const m = machine()
  const id = vtd(m).newId()
  const domain = new iommu_domain({ ops: OPS })
  domain.$label = `process domain ${id}`
  const notifier = new mmu_notifier({
    ops: {
      release: () => released(m, domain),
      arch_invalidate_secondary_tlbs(_subscription, _mm, start, end) {
        if (start === 0 && end >= ADDRESS_MAX) vtd(m).flush(domain, 0, Infinity)
        else vtd(m).flush(domain, start, end - 1)
      },
      free_notifier() {},
    },
  })
  domain.$private = { id, users: [], mm, notifier } satisfies SvaPrivate
  const error = yield* register(notifier, mm)
  return error ? errPtr(error) : domain
}

/** The PASID leaves its domain: blocked, flushed, drained; the queue is left with the last one. */
export function* leavePasid(dev: device, pasid: number, old: iommu_domain | null): Sim<number> {
  const all = vtd(machine())
  all.setEntry(dev, pasid, null, old)
  if (!dev.iommu?.fault_param) return 0
  yield* drainPasid(dev, pasid)
  yield* flushDevice(dev)
  const bound = [...dev.iommu_group!.$pasids.keys()].some((p) => p !== pasid && p !== 0)
  if (!bound && dev.iommu.fault_param.queue === requestQueue(machine()))
    yield* removeFromQueue(requestQueue(machine()), dev)
  return 0
}
