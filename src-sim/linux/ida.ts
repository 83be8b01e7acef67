/** The part of `linux/idr` that hands out numbers alone. */
export {
  DEFINE_IDA, ida, ida_alloc, ida_alloc_max, ida_alloc_min, ida_alloc_range, ida_destroy,
  ida_exists, ida_free, ida_init, ida_is_empty,
} from './idr'
