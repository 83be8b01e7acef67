import { machine } from 'klab/machine'

/** A frame manager with two ports, and a MAC that uses them. */
export default machine({
  cpus: 2,
  nodes: {
    fman: {},
    'fman/port@8': {},
    'fman/port@28': {},
    mac: { 'fsl,fman': '&fman', 'fsl,fman-ports': ['&port@8', '&port@28'] },
  },
  platform: [
    { name: 'fsl-fman', node: 'fman' },
    { name: 'fsl-dpaa-mac', node: 'mac' },
  ],
})
