import { quiet } from '../../kernel/api'
import { bytesOf, entriesOf, type SgList } from '../../kernel/dma/sg'

/** Copying to and from the pieces of a list. Part of `linux/scatterlist`. */

/** Calls `use` for the parts of the pieces from byte `skip` on, `length` bytes in all. */
function eachPart(
  sgl: SgList, nents: number, skip: number, length: number,
  use: (part: Uint8Array, at: number) => void,
): number {
  let before = 0
  let done = 0
  for (const sg of entriesOf(sgl, nents)) {
    const bytes = bytesOf(sg)
    const from = Math.max(0, skip - before)
    before += bytes.length
    if (from >= bytes.length) continue
    const part = bytes.subarray(from, Math.min(bytes.length, from + length - done))
    use(part, done)
    done += part.length
    if (done === length) break
  }
  return done
}

/** Copies from a buffer into the pieces, from their byte `skip` on; answers how many bytes. */
export const sg_pcopy_from_buffer = quiet(
  (sgl: SgList, nents: number, buf: Uint8Array, buflen: number, skip: number): number =>
    eachPart(sgl, nents, skip, buflen, (part, at) => {
      part.set(buf.subarray(at, at + part.length))
    }),
)
/** Copies from the pieces into a buffer. */
export const sg_pcopy_to_buffer = quiet(
  (sgl: SgList, nents: number, buf: Uint8Array, buflen: number, skip: number): number =>
    eachPart(sgl, nents, skip, buflen, (part, at) => {
      buf.set(part, at)
    }),
)
/** The same from the first byte on. */
export const sg_copy_from_buffer = quiet(
  (sgl: SgList, nents: number, buf: Uint8Array, buflen: number): number =>
    sg_pcopy_from_buffer(sgl, nents, buf, buflen, 0),
)
export const sg_copy_to_buffer = quiet(
  (sgl: SgList, nents: number, buf: Uint8Array, buflen: number): number =>
    sg_pcopy_to_buffer(sgl, nents, buf, buflen, 0),
)
/** Fills with zeroes; answers how many bytes. */
export const sg_zero_buffer = quiet(
  (sgl: SgList, nents: number, buflen: number, skip: number): number =>
    eachPart(sgl, nents, skip, buflen, (part) => {
      part.fill(0)
    }),
)
