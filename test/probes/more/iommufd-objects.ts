import { KLAB, KLAB_PROBE } from './klab'
KLAB_PROBE('iommufd-objects', () => KLAB('none', 'ret=0'))
