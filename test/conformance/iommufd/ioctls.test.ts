import { expect, test } from 'vitest'
import { E2BIG, EBUSY, EFAULT, EINVAL, ENOENT, ENOTTY, EOPNOTSUPP } from '../../../src-sim/linux/errno'
import * as u from '../../../src-sim/linux/iommufd/uapi'
import { withIommu } from './iommufd-kit'

test('IOMMUFD-01 cmd_fail: what is not there cannot be destroyed, and unknown calls are none', () => {
  withIommu(function* (t) {
    expect(yield* t.destroy(0)).toBe(-ENOENT)
    expect(yield* t.call(u.IOMMU_DESTROY, 0 as never)).toBe(-EFAULT)
    expect(yield* t.call(0x3b7f, new u.iommu_destroy())).toBe(-ENOTTY)
    expect(yield* t.call(0x3bff, new u.iommu_destroy())).toBe(-ENOTTY)
  })
})

test('IOMMUFD-02 cmd_length: too small, too large, and large with nothing behind', () => {
  withIommu(function* (t) {
    const sizes: [number, number][] = [
      [u.IOMMU_DESTROY, new u.iommu_destroy().size],
      [u.IOMMU_IOAS_ALLOC, new u.iommu_ioas_alloc().size],
      [u.IOMMU_IOAS_UNMAP, new u.iommu_ioas_unmap().size],
      [u.IOMMU_IOAS_MAP, new u.iommu_ioas_map().size],
    ]
    expect(sizes.map(([, size]) => size)).toEqual([8, 12, 24, 40])
    for (const [call, size] of sizes) {
      expect(yield* t.call(call, { size: size - 1 })).toBe(-EINVAL)
      expect(yield* t.call(call, { size: size + 4, extra: 1 })).toBe(-E2BIG)
    }
    expect(yield* t.call(u.IOMMU_DESTROY, { size: 12, id: 7, extra: 0 })).toBe(-ENOENT)
    expect(yield* t.call(u.IOMMU_DESTROY | 0x10000, new u.iommu_destroy())).toBe(-ENOTTY)
  })
})

test('IOMMUFD-02: flags and reserved members that nobody knows are not supported', () => {
  withIommu(function* (t) {
    const alloc = new u.iommu_ioas_alloc({ flags: 1 })
    expect(yield* t.call(u.IOMMU_IOAS_ALLOC, alloc)).toBe(-EOPNOTSUPP)
    const ranges = new u.iommu_ioas_iova_ranges({ __reserved: 1 })
    expect(yield* t.call(u.IOMMU_IOAS_IOVA_RANGES, ranges)).toBe(-EOPNOTSUPP)
  })
})

test('IOMMUFD-06 global_options: the mode of the limit, while nothing is there yet', () => {
  withIommu(function* (t) {
    const option = (op: number, val64: number) => new u.iommu_option({ option_id: 0, op, val64 })
    const get = option(u.IOMMU_OPTION_OP_GET, 7)
    expect(yield* t.call(u.IOMMU_OPTION, get)).toBe(0)
    expect(get.val64).toBe(0)
    expect(yield* t.call(u.IOMMU_OPTION, option(u.IOMMU_OPTION_OP_SET, 1))).toBe(0)
    expect(yield* t.call(u.IOMMU_OPTION, get)).toBe(0)
    expect(get.val64).toBe(1)
    expect(yield* t.call(u.IOMMU_OPTION, option(u.IOMMU_OPTION_OP_SET, 0))).toBe(0)
    expect(yield* t.call(u.IOMMU_OPTION, option(u.IOMMU_OPTION_OP_SET, 2))).toBe(-EINVAL)
    yield* t.ioas()
    expect(yield* t.call(u.IOMMU_OPTION, option(u.IOMMU_OPTION_OP_SET, 1))).toBe(-EBUSY)
    const unknown = new u.iommu_option({ option_id: 9, op: 0 })
    expect(yield* t.call(u.IOMMU_OPTION, unknown)).toBe(-EOPNOTSUPP)
  })
})

test('IOMMUFD-01: numbers are the lowest free ones, from 1 on', () => {
  const k = withIommu(function* (t) {
    expect([yield* t.ioas(), yield* t.ioas(), yield* t.ioas()]).toEqual([1, 2, 3])
    expect(yield* t.destroy(2)).toBe(0)
    expect(yield* t.ioas()).toBe(2)
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-01 vfio_ioas: the address space of the old interface', () => {
  withIommu(function* (t) {
    const cmd = (op: number, ioas_id = 0) => new u.iommu_vfio_ioas({ op, ioas_id })
    const ENODEV = 19
    expect(yield* t.call(u.IOMMU_VFIO_IOAS, cmd(u.IOMMU_VFIO_IOAS_GET))).toBe(-ENODEV)
    const ioas = yield* t.ioas()
    expect(yield* t.call(u.IOMMU_VFIO_IOAS, cmd(u.IOMMU_VFIO_IOAS_SET, ioas))).toBe(0)
    const get = cmd(u.IOMMU_VFIO_IOAS_GET)
    expect(yield* t.call(u.IOMMU_VFIO_IOAS, get)).toBe(0)
    expect(get.ioas_id).toBe(ioas)
    expect(yield* t.call(u.IOMMU_VFIO_IOAS, cmd(u.IOMMU_VFIO_IOAS_CLEAR))).toBe(0)
    expect(yield* t.call(u.IOMMU_VFIO_IOAS, cmd(u.IOMMU_VFIO_IOAS_GET))).toBe(-ENODEV)
    expect(yield* t.call(u.IOMMU_VFIO_IOAS, cmd(9))).toBe(-EOPNOTSUPP)
  })
})
