import { machine } from 'klab/machine'

/** Two CPUs. The card and its importers are plain devices; the buffer is a page of memory. */
export default machine({ cpus: 2, platform: [{ name: 'importers' }] })
