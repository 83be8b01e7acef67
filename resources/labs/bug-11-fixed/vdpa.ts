import { module_auxiliary_driver, type auxiliary_device, type auxiliary_device_id } from 'linux/auxiliary_bus'
import { dev_info } from 'linux/printk'

/** Looks after the part that the core announces; it needs nothing else of it here. */
function pds_vdpa_probe(aux_dev: auxiliary_device, id: auxiliary_device_id) {
  dev_info(aux_dev.dev, 'vDPA is ready\n')
  return 0
}

const pds_vdpa_ids = [{ name: 'pds_core.vDPA' }]

module_auxiliary_driver({ name: 'vDPA', id_table: pds_vdpa_ids, probe: pds_vdpa_probe })
