import { quiet } from '../kernel/api'

/** Numbers at any place of a buffer: `linux/unaligned`. */

const view = (p: Uint8Array): DataView => new DataView(p.buffer, p.byteOffset, p.byteLength)

export const get_unaligned_le16 = quiet((p: Uint8Array): number => view(p).getUint16(0, true))
export const get_unaligned_le32 = quiet((p: Uint8Array): number => view(p).getUint32(0, true))
export const get_unaligned_le64 = quiet((p: Uint8Array): number => Number(view(p).getBigUint64(0, true)))
export const get_unaligned_be16 = quiet((p: Uint8Array): number => view(p).getUint16(0))
export const get_unaligned_be32 = quiet((p: Uint8Array): number => view(p).getUint32(0))
export const get_unaligned_be64 = quiet((p: Uint8Array): number => Number(view(p).getBigUint64(0)))
export const put_unaligned_le16 = quiet((v: number, p: Uint8Array): void => view(p).setUint16(0, v, true))
export const put_unaligned_le32 = quiet((v: number, p: Uint8Array): void => view(p).setUint32(0, v, true))
export const put_unaligned_le64 = quiet((v: number, p: Uint8Array): void =>
  view(p).setBigUint64(0, BigInt(v), true),
)
export const put_unaligned_be16 = quiet((v: number, p: Uint8Array): void => view(p).setUint16(0, v))
export const put_unaligned_be32 = quiet((v: number, p: Uint8Array): void => view(p).setUint32(0, v))
export const put_unaligned_be64 = quiet((v: number, p: Uint8Array): void =>
  view(p).setBigUint64(0, BigInt(v)),
)
