/** What a driver may ask for beyond a plain mapping; the bits of C. */
export const ATTR = {
  WEAK_ORDERING: 1 << 1,
  WRITE_COMBINE: 1 << 2,
  NO_KERNEL_MAPPING: 1 << 4,
  SKIP_CPU_SYNC: 1 << 5,
  FORCE_CONTIGUOUS: 1 << 6,
  ALLOC_SINGLE_PAGES: 1 << 7,
  NO_WARN: 1 << 8,
  PRIVILEGED: 1 << 9,
  MMIO: 1 << 10,
  IGNORE_CACHELINES: 1 << 11,
  REQUIRE_COHERENT: 1 << 12,
  CC_SHARED: 1 << 13,
} as const
