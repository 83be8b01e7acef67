/** For device models of a lab's own: `klab/hardware`. */
export { device_model } from '../../hardware/device-model'
