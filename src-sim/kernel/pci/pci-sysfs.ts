import { machine } from '../../engine/current'
import { EBUSY, EINVAL, EIO } from '../errno'
import type { attribute_group } from '../base/attributes'
import type { device, device_attribute } from '../base/device'
import { sysfs } from '../base/sysfs'
import { call, type Sim } from '../../engine/suspend'
import { modalias, pciDev } from './bus'
import { powerName } from './power'
import { disableDevice, enableDevice } from './functions'
import { rescan, stopAndRemoveLocked } from './removal'
import { resetFromUser } from './reset'
import type { pci_dev } from './pci-dev'

const put = (buf: Uint8Array, text: string): number => {
  for (let i = 0; i < text.length; i++) buf[i] = text.charCodeAt(i)
  return text.length
}

function readOnly(name: string, text: (pdev: pci_dev) => string): device_attribute {
  return {
    attr: { name, mode: 0o444 },
    show: (dev, _attr, buf) => put(buf, `${text(pciDev(dev))}\n`),
  }
}

function writeOnly(
  name: string,
  store: (pdev: pci_dev, text: string) => Sim<number>,
): device_attribute {
  return {
    attr: { name, mode: 0o200 },
    store: ((dev: never, _attr: never, buf: string) =>
      store(pciDev(dev), buf)) as unknown as device_attribute['store'],
  }
}

const hex = (n: number, width: number): string => `0x${n.toString(16).padStart(width, '0')}`

const FILES: attribute_group = {
  $lazy: true,
  attrs: [
    readOnly('vendor', (p) => hex(p.vendor, 4)),
    readOnly('device', (p) => hex(p.device, 4)),
    readOnly('class', (p) => hex(p.class, 6)),
    readOnly('revision', (p) => hex(p.revision, 2)),
    readOnly('subsystem_vendor', (p) => hex(p.subsystem_vendor, 4)),
    readOnly('subsystem_device', (p) => hex(p.subsystem_device, 4)),
    readOnly('modalias', (p) => modalias(p)),
    readOnly('power_state', (p) => powerName(p.current_state)),
    readOnly('reset_method', () => 'flr bus'),
    readOnly('irq', (p) => `${p.irq}`),
    readOnly('resource', (p) =>
      p.resource.map((r) => `${hex(r.start, 16)} ${hex(r.end, 16)} ${hex(r.flags, 16)}`).join('\n'),
    ),
    {
      attr: { name: 'enable', mode: 0o644 },
      show: (dev, _attr, buf) => put(buf, `${pciDev(dev).enable_cnt}\n`),
      store: storeEnable as unknown as device_attribute['store'],
    } satisfies device_attribute,
    writeOnly('rescan', function* (pdev, text) {
      if (text[0] !== '0') yield* rescan(machine(), pdev.bus)
      return text.length
    }),
    writeOnly('reset', function* (pdev, text) {
      if (text.trim() !== '1') return -EINVAL
      const error = yield* resetFromUser(pdev)
      return error || text.length
    }),
  ],
}

/** DM-98: not while a driver is bound; one cannot disable what is not enabled. */
function* storeEnable(dev: device, _attr: unknown, text: string): Sim<number> {
  const pdev = pciDev(dev)
  if (dev.driver) return -EBUSY
  const on = text.trim()
  if (on !== '0' && on !== '1') return -EINVAL
  if (on === '1') return (yield* call(() => enableDevice(pdev) as number)) || text.length
  if (pdev.enable_cnt <= 0) return -EIO
  disableDevice(pdev)
  return text.length
}

export function addPciFiles(pdev: pci_dev): void {
  pdev.dev.groups = [FILES, removeFile(pdev)]
  const tree = sysfs(machine())
  const bus = tree.ensureDirectory('/bus/pci')
  if (bus.made.has('rescan')) return
  tree.createFile(bus, 'rescan', {
    *store(text) {
      if (text[0] !== '0') yield* rescan(machine())
      return text.length
    },
  })
}

/** `remove` takes itself away: those who lose the race get their count as well (DM-53). */
function removeFile(pdev: pci_dev): attribute_group {
  return {
    $lazy: true,
    attrs: [
      Object.assign(
        writeOnly('remove', function* (_p, text) {
          if (text[0] !== '0') yield* stopAndRemoveLocked(machine(), pdev)
          return text.length
        }),
        { $selfRemoving: true },
      ),
    ],
  }
}
