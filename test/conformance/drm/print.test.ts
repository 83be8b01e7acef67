import { expect, test } from 'vitest'
import { labOf, runLab } from '../../sim/lab/lab-kit'

const DRIVER = `
import { module_exit, module_init } from 'linux/module'
import { platform_device_register_simple, platform_device_unregister } from 'linux/platform_device'
import { drm_dev_alloc, drm_dev_put } from 'drm/drm_drv'
import { DRM_ERROR, DRM_INFO, drm_err, drm_info, drm_warn } from 'drm/drm_print'
const pdev = () => platform_device_register_simple('gpu', -1, null, 0)
function demo_init() {
  const parent = pdev()
  const drm = drm_dev_alloc({ name: 'demo' }, parent.dev)
  drm_info(drm, 'say %d\\n', 1)
  drm_warn(drm, 'say 2\\n')
  drm_err(drm, 'say 3\\n')
  drm_info(null, 'say 4\\n')
  DRM_INFO('say 5\\n')
  DRM_ERROR('say %d\\n', 6)
  drm_dev_put(drm)
  platform_device_unregister(parent)
  return 0
}
module_init(demo_init)
module_exit(() => {})
`

test('messages say which device, or which function, they come from', () => {
  const { dmesg, findings } = runLab(labOf(DRIVER))
  expect(findings).toEqual([])
  const said = dmesg.filter((line) => line.includes('say'))
  expect(said.map((line) => line.replace(/^(<\d>)?\[[^\]]*\] /, ''))).toEqual([
    'platform gpu: [drm] say 1',
    'platform gpu: [drm] say 2',
    'platform gpu: [drm] *ERROR* say 3',
    '(NULL device *): [drm] say 4',
    '[drm] say 5',
    '[drm:demo_init [driver]] *ERROR* say 6',
  ])
})
