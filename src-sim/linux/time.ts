/** Units of time and clocks: `linux/time`. */
export {
  MSEC_PER_SEC, NSEC_PER_MSEC, NSEC_PER_SEC, NSEC_PER_USEC, USEC_PER_MSEC, USEC_PER_SEC,
} from './ktime'
export { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_TAI } from './ktime'
