import { KLAB, KLAB_PROBE } from './klab'
KLAB_PROBE('iommufd-errors', () => KLAB('none', 'ret=0'))
