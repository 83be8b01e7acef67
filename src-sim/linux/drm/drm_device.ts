/** The object behind a graphics device: `drm/drm_device`. */
export { drm_device } from '../../kernel/drm/device'
