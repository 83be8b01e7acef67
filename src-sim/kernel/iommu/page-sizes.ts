/** Page sizes as sets of bits, in numbers that may be larger than 32 bits. */

/** The lowest bit that is set. */
export function lowestBit(bits: number): number {
  if (bits === 0) return 0
  let bit = 1
  while (bits % (bit * 2) === 0) bit *= 2
  return bit
}

/** The sizes of a set, largest first. */
export function sizesOf(bitmap: number): number[] {
  const sizes: number[] = []
  for (let rest = bitmap; rest > 0; rest -= sizes[0]!) sizes.unshift(lowestBit(rest))
  return sizes
}

/** `iommu_pgsize`: the largest page that fits here, and how many of them before a larger one does. */
export function pageFor(
  bitmap: number, iova: number, paddr: number, size: number,
): { pgsize: number; count: number } {
  const sizes = sizesOf(bitmap)
  const fits = (page: number): boolean => size >= page && iova % page === 0 && paddr % page === 0
  const at = sizes.findIndex(fits)
  const pgsize = sizes[at] ?? sizes[sizes.length - 1]!
  const next = sizes[at - 1]
  if (next === undefined || iova % next !== paddr % next)
    return { pgsize, count: Math.floor(size / pgsize) }
  const offset = next - (iova % next)
  const room = offset + next <= size ? offset : size
  return { pgsize, count: Math.floor(room / pgsize) }
}
