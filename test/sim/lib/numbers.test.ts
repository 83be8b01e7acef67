import { expect, test } from 'vitest'
import * as bits from '../../../src-sim/linux/bitmap'
import * as bo from '../../../src-sim/linux/bitops'
import * as k from '../../../src-sim/linux/kernel'
import * as kstr from '../../../src-sim/linux/kstrtox'
import * as log2 from '../../../src-sim/linux/log2'
import * as math from '../../../src-sim/linux/math'
import * as mm from '../../../src-sim/linux/minmax'
import * as s from '../../../src-sim/linux/string'
import { ptr } from '../../../src-sim/linux/types'
import { run } from '../harness'

const inside = (body: () => void): void => {
  let failed: unknown = null
  run(function* () {
    try {
      body()
    } catch (error) {
      failed = error
    }
  })
  if (failed) throw failed
}

test('whole-number arithmetic rounds as C does', () => {
  expect([math.DIV_ROUND_UP(7, 2), math.DIV_ROUND_CLOSEST(7, 2), math.DIV_ROUND_CLOSEST(-7, 2)]).toEqual([4, 4, -4])
  expect([math.roundup(13, 8), math.rounddown(13, 8), k.ALIGN(13, 8), k.ALIGN_DOWN(13, 8)]).toEqual([16, 8, 16, 8])
  expect(math.mult_frac(1000, 3, 7)).toBe(428)
  expect([math.int_sqrt(99), math.gcd(84, 36), math.div_u64(7, 2), math.div_s64(-7, 2)]).toEqual([9, 12, 3, -3])
  const n = ptr<number>(17)
  expect([math.do_div(n, 5), n.value]).toEqual([2, 3])
  expect([mm.clamp(5, 1, 3), mm.min_not_zero(0, 4), mm.max3(1, 9, 4), mm.in_range(5, 5, 1), mm.in_range(6, 5, 1)]).toEqual([3, 4, 9, true, false])
})

test('logarithms and powers of two', () => {
  expect([0, 1, 2, 3, 4, 6].map(log2.is_power_of_2)).toEqual([false, true, true, false, true, false])
  expect([1, 2, 3, 4, 5].map(log2.ilog2)).toEqual([0, 1, 1, 2, 2])
  expect([1, 2, 3, 4, 5].map(log2.order_base_2)).toEqual([0, 1, 2, 2, 3])
  expect([log2.roundup_pow_of_two(5), log2.rounddown_pow_of_two(5), log2.get_order(8193)]).toEqual([8, 4, 2])
})

test('bits are counted from the right end', () => {
  expect([bo.ffs(0), bo.ffs(8), bo.__ffs(8), bo.fls(8), bo.__fls(8), bo.ffz(7)]).toEqual([0, 4, 3, 4, 3, 3])
  expect([bo.fls64(2 ** 40), bo.hweight64(2 ** 40 + 3), bo.rol32(0x80000001, 1)]).toEqual([41, 3, 3])
})

test('bitmaps: ranges, areas, and combining', () =>
  inside(() => {
    const map = bits.DECLARE_BITMAP('map', 70)
    bits.bitmap_set(map, 3, 4)
    bits.bitmap_set(map, 40, 2)
    expect([...bits.for_each_set_bit(map, 70)]).toEqual([3, 4, 5, 6, 40, 41])
    expect(bits.bitmap_weight(map, 70)).toBe(6)
    expect(bits.bitmap_find_next_zero_area(map, 70, 0, 5, 0)).toBe(7)
    expect(bits.bitmap_find_next_zero_area(map, 70, 0, 5, 7)).toBe(8)
    expect(bits.bitmap_find_next_zero_area(map, 12, 0, 9, 0)).toBeGreaterThan(12)
    const other = bits.DECLARE_BITMAP('other', 70)
    bits.bitmap_set(other, 5, 40)
    expect(bits.bitmap_and(other, map, other, 70)).toBe(true)
    expect([...bits.for_each_set_bit(other, 70)]).toEqual([5, 6, 40, 41])
    bits.bitmap_clear(other, 0, 70)
    expect([bits.bitmap_empty(other, 70), bits.bitmap_full(map, 70)]).toEqual([true, false])
    expect(bo.find_last_bit(map, 70)).toBe(41)
  }))

test('numbers from texts: bases, ends and ranges', () => {
  const parse = (f: typeof kstr.kstrtoint, text: string, base = 0): number => {
    const res = ptr<number>(-1)
    const ret = f(text, base, res)
    return ret === 0 ? res.value : ret
  }
  expect(['12', '0x1f', '017', '-5', '+7', '12\n'].map((t) => parse(kstr.kstrtoint, t))).toEqual([12, 31, 15, -5, 7, 12])
  expect(['', 'x', '12x', ' 12', '08'].map((t) => parse(kstr.kstrtoint, t))).toEqual([-22, -22, -22, -22, -22])
  expect(parse(kstr.kstrtou8, '256')).toBe(-34)
  expect(parse(kstr.kstrtouint, '-1')).toBe(-22)
  expect(parse(kstr.kstrtoint, 'ff', 16)).toBe(255)
  const yes = ptr<boolean>()
  expect([kstr.kstrtobool('on', yes), yes.value, kstr.kstrtobool('0', yes), yes.value, kstr.kstrtobool('z', yes)]).toEqual([0, true, 0, false, -22])
  expect(kstr.simple_strtoul('42abc', null, 10)).toBe(42)
})

test('texts in buffers end with a zero byte and are cut off', () =>
  inside(() => {
    const buf = new Uint8Array(8)
    expect(s.strscpy(buf, 'hello')).toBe(5)
    expect(s.textOf(buf)).toBe('hello')
    expect(s.strscpy(buf, 'hello world')).toBe(-7)
    expect(s.textOf(buf)).toBe('hello w')
    expect(k.snprintf(buf, 8, '%d-%s', 12345, 'abcdef')).toBe(12)
    expect(k.scnprintf(buf, 8, '%d-%s', 12345, 'abcdef')).toBe(7)
    expect(s.textOf(buf)).toBe('12345-a')
    expect([s.strlen('abc'), s.strcmp('a', 'b'), s.strncmp('abx', 'aby', 2), s.strstr('hello', 'll')]).toEqual([3, -1, 0, 'llo'])
    expect([s.strchr('a=b', '='), s.strrchr('a/b/c', '/'), s.sysfs_streq('on\n', 'on')]).toEqual(['=b', '/c', true])
    const copy = s.kasprintf(0xcc0, 'irq/%d', 7)!
    expect(s.textOf(copy)).toBe('irq/7')
  }))
