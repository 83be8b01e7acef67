import { devm_add_action, device_is_registered } from 'linux/device'
import { readl } from 'linux/io'
import { kref_read } from 'linux/kref'
import { module_param_cb, type kernel_param_ops } from 'linux/module'
import { pci_clear_master, pci_dev_get, pci_dev_is_disconnected, pci_disable_device, pci_enable_device, pci_name, pci_read_config_dword, pci_register_driver, pci_unregister_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { ptr, type u32 } from 'linux/types'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
import { edu, edu_enable, EDU_DRIVER } from './klab_edu'

let n = 0
let kept: pci_dev | null = null
function act(p: null) {
  KLAB('devres', 'action=1')
}
function pr(p: pci_dev, i: pci_device_id) {
  n++
  KLAB('probe', 'n=%d name=%s same_dev_as_before=%d', n, pci_name(p), p === kept)
  KLAB('probe', 'enable=%d id=0x%x', edu_enable(p), readl(edu.mmio))
  devm_add_action(p.dev, act, null)
  if (n === 1) kept = pci_dev_get(p)
  return 0
}
function rm(p: pci_dev) {
  const v = ptr<u32>(0)
  const r = pci_read_config_dword(p, 0, v)
  KLAB('remove', 'config_ret=%d config=0x%x disconnected=%d mmio=0x%x', r, v.value, pci_dev_is_disconnected(p), readl(edu.mmio))
  pci_clear_master(p)
  pci_disable_device(p)
}
const edu_drv = EDU_DRIVER(pr, rm)
function probe() {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
}
function bye() {
  const v = ptr<u32>(0)
  const r = pci_read_config_dword(kept!, 0, v)
  KLAB('exit', 'kept_config_ret=%d kept_config=0x%x probes=%d', r, v.value, n)
  pci_unregister_driver(edu_drv)
}
const now_ops: kernel_param_ops = {
  set(s, kp) {
    const v = ptr<u32>(0)
    const r = pci_read_config_dword(kept!, 0, v)
    KLAB('after_removal', 'config_ret=%d config=0x%x disconnected=%d registered=%d refs=%u', r, v.value, pci_dev_is_disconnected(kept!), device_is_registered(kept!.dev), kref_read(kept!.dev.kobj.kref))
    KLAB('after_removal', 'mmio=0x%x enable=%d', readl(edu.mmio), pci_enable_device(kept!))
    return 0
  },
}
module_param_cb('now', now_ops, null, 0o200)
KLAB_PROBE_EXIT('hp-add-remove', probe, bye)
