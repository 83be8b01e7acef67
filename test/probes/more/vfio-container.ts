import { KLAB, KLAB_PROBE } from './klab'
KLAB_PROBE('vfio-container', () => KLAB('none', 'ret=0'))
