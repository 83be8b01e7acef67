import { machine } from 'klab/machine'

/** A board with an SPI host: what is shifted out comes back reversed a while later. */
export default machine({ cpus: 2, platform: [{ name: 'fsl_lpspi', model: 'mailbox' }] })
