import { expect, test } from 'vitest'
import type { LabSource } from '../../../src-sim/protocol'
import { compare } from './compare-kit'
import { readBuiltin } from './lab-kit'

/** A lab of the comparison with a part of its driver written otherwise. */
function edited(model: string, ...edits: [from: string, to: string][]): LabSource {
  const lab = readBuiltin(`compare-${model}`)
  let text = lab.files['driver.ts']!
  for (const [from, to] of edits) {
    expect(text, from).toContain(from)
    text = text.replace(from, to)
  }
  return { id: lab.id, files: { ...lab.files, 'driver.ts': text } }
}

async function verdict(lab: LabSource, disturbance: string): Promise<string> {
  const { cells } = await compare([lab], { disturbances: [disturbance], schedules: 1 })
  return cells[0]!.finding?.kind ?? cells[0]!.verdict
}

/** What the page proposes to try, and what it says comes of it. */
test('a thread that the gate does not know of goes on in freed memory', async () => {
  const lab = edited('fencing', ['gate_add_stop(d.gate, () => cancel_work_sync(d.hw.work))', ''])
  expect(await verdict(lab, 'unbind-work')).toBe('kasan.use-after-free')
})

test('a timer that devres does not know of is armed when its memory is freed', async () => {
  const lab = edited('devm', [
    'ret = devm_add_action_or_reset(pdev.dev, stop_heartbeat, d)',
    'ret = 0',
  ])
  expect(await verdict(lab, 'unbind-timer')).toBe('odebug.free-active')
})

test('a card that is unregistered but not unplugged is called by open files', async () => {
  const lab = edited(
    'drm',
    ['drm_dev_register, drm_dev_unplug', 'drm_dev_register, drm_dev_unregister'],
    ['drm_dev_unplug(d.drm)', 'drm_dev_unregister(d.drm)'],
  )
  expect(await verdict(lab, 'unbind-idle')).toBe('mmio.fault')
})

test('a verbs device without disassociation cannot go before its programs do', async () => {
  const lab = edited('disassociate', ['  disassociate_ucontext: edu_disassociate_ucontext,\n', ''])
  expect(await verdict(lab, 'unbind-idle')).toBe('hang')
})

test('a driver that waits for its device needs no bracket for DMA', async () => {
  const lab = edited('revocable', [
    '  /** Nothing says here',
    `  static unbind(pdev: pci.Device<Core>, data: EduDriver) {
    while (data.edu.value.regs.access(pdev).read32(DMA_COMMAND) & 1) usleep_range(1000, 2000)
  }

  /** Nothing says here`,
  ])
  expect(await verdict(lab, 'unbind-dma')).toBe('safe')
  expect(await verdict(lab, 'process-kill')).toBe('safe')
})
