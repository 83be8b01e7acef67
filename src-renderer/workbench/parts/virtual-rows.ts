import { computed, onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

export interface VirtualRows {
  first: Ref<number>
  last: Ref<number>
  /** Height of the whole list and offset of the first shown row, in pixels. */
  total: Ref<number>
  offset: Ref<number>
  onScroll: () => void
  scrollTo: (index: number) => void
}

const SPARE = 8
/** Browsers cap the height of an element; the list stays below what each of them allows. */
const HEIGHT_MAX = 15_000_000

/** Shows a window of equally high rows, so that a log of a million lines costs as much as one of forty. */
export function useVirtualRows(
  element: Ref<HTMLElement | null>,
  count: () => number,
  rowHeight: () => number,
): VirtualRows {
  const top = ref(0)
  const height = ref(400)
  let observer: ResizeObserver | null = null

  const total = computed(() => Math.min(HEIGHT_MAX, count() * rowHeight()))
  /** Rows for one pixel of scrolling, more than 1/rowHeight once the height is capped. */
  const scale = computed(() => {
    const scrollable = Math.max(1, total.value - height.value)
    return Math.max(0, count() - height.value / rowHeight()) / scrollable
  })
  const position = computed(() => top.value * scale.value)
  const first = computed(() => Math.max(0, Math.floor(position.value) - SPARE))
  const last = computed(() =>
    Math.min(count(), Math.ceil(position.value + height.value / rowHeight()) + SPARE),
  )
  const offset = computed(() => top.value - (position.value - first.value) * rowHeight())

  function onScroll(): void {
    top.value = element.value?.scrollTop ?? 0
  }

  function scrollTo(index: number): void {
    const box = element.value
    if (!box || scale.value === 0) return
    const rows = height.value / rowHeight()
    if (index >= position.value + 1 && index <= position.value + rows - 2) return
    box.scrollTop = Math.max(0, index - rows * 0.7) / scale.value
    onScroll()
  }

  onMounted(() => {
    observer = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.height > 0) height.value = entry.contentRect.height
    })
    if (element.value) observer.observe(element.value)
  })
  onBeforeUnmount(() => observer?.disconnect())

  return { first, last, total, offset, onScroll, scrollTo }
}
