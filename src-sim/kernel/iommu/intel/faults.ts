import { machine as currentMachine } from '../../../engine/current'
import type { Machine } from '../../../engine/machine'
import { service } from '../../../engine/service'
import type { Sim } from '../../../engine/suspend'
import { kernelLog } from '../../printk/log'
import { initRatelimit, mayPass, ratelimit_state } from '../../printk/ratelimit'
import type { FaultRecord, IommuUnit } from '../unit'

/** What the fault interrupt of the unit prints (IOMMU-25). */

const SECOND_STAGE = [
  'Software',
  'Present bit in root entry is clear',
  'Present bit in context entry is clear',
  'Invalid context entry',
  'Access beyond MGAW',
  'PTE Write access is not set',
  'PTE Read access is not set',
  'Next page table ptr is invalid',
  'Root table address invalid',
  'Context table ptr is invalid',
  'non-zero reserved fields in RTP',
  'non-zero reserved fields in CTP',
  'non-zero reserved fields in PTE',
  'PCE for translation request specifies blocking',
]

const reasonText = (reason: number): string => SECOND_STAGE[reason] ?? 'Unknown'

const two = (n: number): string => n.toString(16).padStart(2, '0')

/** `ssss:bb:dd.f`. */
export const sourceText = (source: number): string =>
  `0000:${two(source >> 8)}:${two((source >> 3) & 0x1f)}.${source & 7}`

const INTERVAL_S = 5
const BURST = 10

/** One limiter for all; each interrupt asks it once more than it prints (IOMMU-28). */
const limiter = service((m) => initRatelimit(new ratelimit_state(), INTERVAL_S * m.hz, BURST))

const STATUS_PENDING = 2

function describe({ requester, address, write, reason }: FaultRecord): string {
  const pasid = requester.pasid ? `PASID 0x${requester.pasid.toString(16)}` : 'NO_PASID'
  return (
    `DMAR: [DMA ${write ? 'Write' : 'Read'} ${pasid}] Request device [${sourceText(requester.source)}] ` +
    `fault addr 0x${address.toString(16)} [fault reason 0x${two(reason)}] ${reasonText(reason)}`
  )
}

/** Takes all records; those over the limit are cleared without a word. */
function* handleFaults(unit: IommuUnit): Sim {
  const m = currentMachine()
  const log = kernelLog(m)
  const pass = (): boolean => mayPass(limiter(m), 'dmar_fault')
  if (unit.faults.length === 0) return
  if (pass()) log.print(3, `DMAR: DRHD: handling fault status reg ${STATUS_PENDING}\n`)
  for (let fault = unit.faults.shift(); fault; fault = unit.faults.shift())
    if (pass()) log.print(3, `${describe(fault)}\n`)
  pass()
}

/** The unit raises its interrupt on the first CPU. */
export function reportFaults(m: Machine, unit: IommuUnit): void {
  const [cpu] = m.cpus
  if (!cpu || cpu.interrupts.some((i) => i.source === unit)) return
  m.interrupt(cpu, { name: 'dmar0', source: unit, start: () => handleFaults(unit) })
}
