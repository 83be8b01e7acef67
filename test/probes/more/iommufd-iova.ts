import { KLAB, KLAB_PROBE } from './klab'
KLAB_PROBE('iommufd-iova', () => KLAB('none', 'ret=0'))
