import { expect, test } from 'vitest'
import { uevents } from '../../../src-sim/kernel/base/uevent'
import { ENODEV } from '../../../src-sim/linux/errno'
import { readl } from '../../../src-sim/linux/io'
import * as pci from '../../../src-sim/linux/pci'
import { pci_error } from '../../../src-sim/linux/klab/scenario'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'
import { bind, command, NAME, SLOT, start } from './pci-kit'

const PORT = 'pcieport 0000:00:05.0'

interface Votes {
  detected?: number
  mmio?: number
  reset?: number
}

/** Handlers that say what they are called for and vote as told. */
function handlers(kit: Kit, votes: Votes): pci.pci_error_handlers {
  const say = (text: string, vote = 0): number => (kit.say(text), vote)
  return {
    error_detected: (p, state) => say(`detected ${state} ${p.error_state}`, votes.detected),
    mmio_enabled: () => say('mmio', votes.mmio),
    slot_reset: (p) => say(`slot_reset ${p.error_state} ${command(p)}`, votes.reset),
    resume: (p) => say(`resume ${p.error_state}`) as unknown as void,
    cor_error_detected: () => say('corrected') as unknown as void,
  }
}

const { PCI_ERS_RESULT_CAN_RECOVER: CAN, PCI_ERS_RESULT_RECOVERED: DONE } = pci
const { PCI_ERS_RESULT_NEED_RESET: NEED, PCI_ERS_RESULT_DISCONNECT: LOST } = pci

function run(kind: 'correctable' | 'nonfatal' | 'fatal', votes: Votes): Kit {
  return play(function* (kit) {
    yield* bind(kit, { err_handler: handlers(kit, votes) })
    kit.log.length = 0
    expect(yield* sim(pci_error(SLOT, kind))).toBe(0)
  })
}

test('a corrected error is only told', () => {
  const k = run('correctable', {})
  expect(k.log).toEqual(['corrected'])
  expect(k.dmesg.slice(-4)).toEqual([
    `${PORT}: AER: Correctable error message received from ${NAME}`,
    `drv ${NAME}: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)`,
    `drv ${NAME}:   device [1234:11e8] error status/mask=00000001/0000e000`,
    `drv ${NAME}:    [ 0] RxErr                  (First)`,
  ])
})

test('everybody can recover: registers are looked at, then work goes on', () => {
  const k = run('nonfatal', { detected: CAN, mmio: DONE })
  expect(k.log).toEqual(['detected 1 1', 'mmio', 'resume 1'])
  expect(k.dmesg.at(-1)).toBe(`${PORT}: AER: device recovery successful`)
})

test('who needs a reset gets one, and finds the device as after power-on', () => {
  const k = run('nonfatal', { detected: NEED, reset: DONE })
  expect(k.log).toEqual(['detected 1 1', 'slot_reset 1 0', 'resume 1'])
  expect(k.dmesg).toContain(`${PORT}: AER: Root Port link has been reset (0)`)
})

test('a look at the registers can still end in a reset', () => {
  const k = run('nonfatal', { detected: CAN, mmio: NEED, reset: DONE })
  expect(k.log).toEqual(['detected 1 1', 'mmio', 'slot_reset 1 0', 'resume 1'])
})

test('after a fatal error nothing answers until the link was reset', () => {
  const k = play(function* (kit) {
    let mmio = 0
    const err_handler: pci.pci_error_handlers = {
      error_detected: (p, state) => {
        kit.say(`detected ${state} ${readl(mmio).toString(16)} ${pci.pci_channel_offline(p)}`)
        return NEED
      },
      slot_reset: (p) => {
        pci.pci_restore_state(p)
        kit.say(`reset ${readl(mmio).toString(16)} ${pci.pci_channel_offline(p)}`)
        return DONE
      },
    }
    const probe = (p: pci.pci_dev): number => ((mmio = start(p)), pci.pci_save_state(p))
    yield* bind(kit, { probe, err_handler })
    yield* sim(pci_error(SLOT, 'fatal'))
    expect(readl(mmio)).toBe(0x010000ed)
  })
  expect(k.log).toEqual(['detected 2 ffffffff true', 'reset 10000ed false'])
})

test('a driver without a say ends the recovery, but the link is reset', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    yield* sim(pci_error(SLOT, 'fatal'))
    expect([p.error_state, pci.pci_dev_is_disconnected(p)]).toEqual([2, false])
    expect(pci.pci_device_is_present(p)).toBe(true)
  })
  expect(k.dmesg).toContain(`drv ${NAME}: AER: can't recover (no error_detected callback)`)
  expect(k.dmesg.at(-1)).toBe(`${PORT}: AER: device recovery failed`)
})

test('who gives up hears at the end that it is final', () => {
  const k = run('nonfatal', { detected: LOST })
  expect(k.log).toEqual(['detected 1 1', 'detected 3 1'])
  expect(k.dmesg.at(-1)).toBe(`${PORT}: AER: device recovery failed`)
})

test('a failed slot reset is final too', () => {
  const k = run('fatal', { detected: NEED, reset: LOST })
  expect(k.log).toEqual(['detected 2 2', 'slot_reset 1 0', 'detected 3 1'])
})

test('user space hears of it', () => {
  const k = run('nonfatal', { detected: CAN, mmio: DONE })
  const told = uevents(k.machine).sent.flatMap((u) => u.env.filter((l) => l.startsWith('ERROR_')))
  expect(told).toEqual(['ERROR_EVENT=BEGIN_RECOVERY', 'ERROR_EVENT=SUCCESSFUL_RECOVERY'])
})

test('the votes: a reset beats a loss, and no say beats all', () => {
  const none = pci.PCI_ERS_RESULT_NO_AER_DRIVER
  const spec = { pci: [{ slot: SLOT, model: 'edu' }, { slot: '01:00.1', model: 'edu' }] }
  const votes = (first: number, second: number): string[] =>
    play(function* (kit) {
      const err_handler = {
        ...handlers(kit, { reset: DONE, mmio: DONE }),
        error_detected: (p: pci.pci_dev) => (p.devfn & 1 ? second : first),
      }
      yield* bind(kit, { err_handler }, spec)
      kit.log.length = 0
      yield* sim(pci_error(SLOT, 'nonfatal'))
    }).log
  const reset = ['slot_reset 1 0', 'slot_reset 1 0', 'resume 1', 'resume 1']
  expect(votes(LOST, NEED)).toEqual(reset)
  expect(votes(NEED, LOST)).toEqual(reset)
  expect(votes(LOST, CAN)).toEqual([])
  expect(votes(NEED, none)).toEqual([])
})

test('no device, no error', () => {
  play(function* (kit) {
    yield* bind(kit)
    expect(yield* sim(pci_error('09:00.0', 'fatal'))).toBe(-ENODEV)
  })
})
