/** Part of what `linux/kernel` has, under the header that C has it in. */
export {
  INT_MAX, INT_MIN, S16_MAX, S16_MIN, S32_MAX, S32_MIN, S8_MAX, S8_MIN, U16_MAX, U32_MAX, U8_MAX, UINT_MAX,
} from './kernel'
