import { machine } from 'klab/machine'

/** A converter in the first port. */
export default machine({ cpus: 2, usb: [{ port: '1-1', model: 'usb-echo' }] })
