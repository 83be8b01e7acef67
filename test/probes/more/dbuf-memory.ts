import { KLAB, KLAB_PROBE } from './klab'

/** Only the program does something here: buffers from the heap, and from its own memory. */
KLAB_PROBE('dbuf-memory', () => KLAB('driver', 'none=1'))
