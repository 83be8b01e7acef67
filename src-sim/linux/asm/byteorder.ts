import { quiet } from '../../kernel/api'

/** Order of bytes: `asm/byteorder`. The machine has the least significant byte first. */

const same = quiet((x: number): number => x)
const swap16 = quiet((x: number): number => ((x & 0xff) << 8) | ((x >>> 8) & 0xff))
const swap32 = quiet(
  (x: number): number =>
    (((x & 0xff) << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)) >>> 0,
)

export const cpu_to_le16 = same
export const cpu_to_le32 = same
export const cpu_to_le64 = same
export const le16_to_cpu = same
export const le32_to_cpu = same
export const le64_to_cpu = same
export const cpu_to_be16 = swap16
export const cpu_to_be32 = swap32
export const be16_to_cpu = swap16
export const be32_to_cpu = swap32
export const swab16 = swap16
export const swab32 = swap32
