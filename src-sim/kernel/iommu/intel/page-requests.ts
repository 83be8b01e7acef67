import { ensure } from '../../../base/assert'
import { machine } from '../../../engine/current'
import type { Machine } from '../../../engine/machine'
import { service } from '../../../engine/service'
import { point, type Sim } from '../../../engine/suspend'
import type { device } from '../../base/device'
import type { pci_dev } from '../../pci/pci-dev'
import { kernelLog } from '../../printk/log'
import { initRatelimit, mayPass, ratelimit_state } from '../../printk/ratelimit'
import { WaitList } from '../../sched/schedule'
import { iommuCore } from '../core'
import {
  IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE, IOMMU_FAULT_PAGE_REQUEST_PASID_VALID, IOMMU_FAULT_PERM_EXEC,
  IOMMU_FAULT_PERM_PRIV, IOMMU_FAULT_PERM_READ, IOMMU_FAULT_PERM_WRITE, IOMMU_PAGE_RESP_INVALID,
  iopf_fault, type iommu_page_response, type iopf_queue,
} from '../iopf'
import { allocQueue, discardPartial } from '../iopf-queue'
import { reportDeviceFault } from '../iopf-report'
import { pciOf } from '../pci-group'
import type { PageRequest } from '../unit'
import { sourceOf, vtd } from './vtd'

/** The page request queue of the unit: what devices ask for, and the task that takes it out. */

const CANONICAL_BITS = 47

class Requests {
  readonly queue: iopf_queue
  /** Answered by the task when nothing is left. */
  readonly empty = new WaitList()
  running = false
  readonly limiter: ratelimit_state

  constructor(m: Machine) {
    this.queue = ensure(allocQueue('dmar0-iopfq'), 'no memory for the page request queue')
    this.limiter = initRatelimit(new ratelimit_state(), 5 * m.hz, 10)
  }
}

const requests = service((m) => new Requests(m))

export const requestQueue = (m: Machine): iopf_queue => requests(m).queue

/** A device asks: it may, while page requests are on. */
export function requestPage(
  m: Machine, pdev: pci_dev, request: Omit<PageRequest, 'source'>,
  answered: (group: number, code: number) => void,
): boolean {
  if (!pdev.pri_enabled) return false
  return vtd(m).unit.request({ source: sourceOf(pdev), ...request }, answered)
}

/** The unit has something new: its threaded handler wakes up. */
export function wakeRequestTask(m: Machine): void {
  const own = requests(m)
  if (own.running) return
  own.running = true
  m.spawn('irq/26-dmar0-p', takeAll(m), { cpu: 0 })
}

function* takeAll(m: Machine): Sim {
  const { unit } = vtd(m)
  const own = requests(m)
  yield point(takeAll, unit)
  for (let next = unit.requests.shift(); next; next = unit.requests.shift()) {
    yield* takeOne(m, next)
    yield point(takeAll, unit)
  }
  if (unit.overflow) {
    unit.overflow = false
    if (mayPass(own.limiter, 'prq_event_thread'))
      for (const what of ['detected', 'cleared'])
        kernelLog(m).print(6, `DMAR: IOMMU: dmar0: PRQ overflow ${what}\n`)
    discardPartial(own.queue)
  }
  own.running = false
  own.empty.wakeAll()
}

/** Why a request cannot be served by anybody; null: it can (SVA-15). */
function refusal(r: PageRequest): string | null {
  if (r.address >= 2 ** CANONICAL_BITS) return 'Address is not canonical'
  if (r.privileged && (r.read || r.write)) return 'Page request in Privilege Mode'
  return r.execute && r.read ? 'Execution request not supported' : null
}

const hex8 = (n: number): string => n.toString(16).padStart(8, '0')

/** The two words of a request, as the hardware stores them. */
function wordsOf(r: PageRequest): string {
  const bits = (r.read ? 1 : 0) + (r.write ? 2 : 0) + (r.last ? 4 : 0)
  const low = 1 + (r.pasid ? 0x100 : 0) + r.source * 0x1_0000 + r.pasid * 2 ** 32
  const high = bits + r.group * 8 + Math.floor(r.address / 4096) * 4096
  return `${hex8(low)} ${hex8(high)}`
}

function* takeOne(m: Machine, r: PageRequest): Sim {
  const log = kernelLog(m)
  const why = refusal(r)
  if (why) log.print(3, `DMAR: IOMMU: dmar0: ${why}\n`)
  else if (r.last && !r.read && !r.write) return
  const dev = why ? null : deviceOf(m, r.source)
  if (!dev) {
    log.print(3, `DMAR: dmar0: Invalid page request: ${wordsOf(r)}\n`)
    if (r.last) vtd(m).unit.respond(r.source, r.pasid, r.group, IOMMU_PAGE_RESP_INVALID)
    return
  }
  yield* reportDeviceFault(dev, eventOf(r))
}

function deviceOf(m: Machine, source: number): device | null {
  for (const group of iommuCore(m).groups.values())
    for (const { dev } of group.$devices) {
      const pdev = pciOf(dev)
      if (pdev && sourceOf(pdev) === source) return dev
    }
  return null
}

function eventOf(r: PageRequest): iopf_fault {
  const evt = new iopf_fault()
  const { prm } = evt.fault
  prm.addr = r.address
  prm.pasid = r.pasid
  prm.grpid = r.group
  if (r.read) prm.perm |= IOMMU_FAULT_PERM_READ
  if (r.write) prm.perm |= IOMMU_FAULT_PERM_WRITE
  if (r.execute) prm.perm |= IOMMU_FAULT_PERM_EXEC
  if (r.privileged) prm.perm |= IOMMU_FAULT_PERM_PRIV
  if (r.pasid) prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID
  if (r.last) prm.flags |= IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE
  return evt
}

/** The driver's answer on its way to the device. */
export function answerPage(dev: device, _evt: iopf_fault, msg: iommu_page_response): void {
  const pdev = pciOf(dev)
  if (pdev) vtd(machine()).unit.respond(sourceOf(pdev), msg.pasid, msg.grpid, msg.code)
}

/** Waits until no request with this PASID is on its way through the hardware (SVA-14). */
export function* drainPasid(dev: device, pasid: number): Sim {
  const m = machine()
  const pdev = pciOf(dev)
  const own = requests(m)
  const { unit } = vtd(m)
  if (!pdev) return
  const source = sourceOf(pdev)
  const waits = (): boolean =>
    own.running && unit.requests.some((r) => r.source === source && r.pasid === pasid)
  yield* own.empty.waitUntil(() => !waits(), dev, 'page requests under way')
}
