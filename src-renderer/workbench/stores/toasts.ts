import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface ToastAction {
  title: string
  run: () => void
}

export interface Toast {
  id: number
  kind: 'info' | 'success' | 'warning' | 'error'
  /** One sentence. */
  text: string
  /** What to do next. */
  hint: string
  actions: ToastAction[]
  sticky: boolean
}

const LIFE_MS = 6000

/** Short messages at the corner. Errors stay until they are dismissed. */
export const useToasts = defineStore('toasts', () => {
  const list = ref<Toast[]>([])
  let last = 0

  function show(
    kind: Toast['kind'],
    text: string,
    options: { hint?: string; actions?: ToastAction[]; sticky?: boolean } = {},
  ): number {
    const { hint = '', actions = [] } = options
    const sticky = options.sticky ?? (kind === 'error' || actions.length > 0)
    const same = list.value.find((toast) => toast.text === text && toast.kind === kind)
    if (same) return same.id
    const id = ++last
    list.value.push({ id, kind, text, hint, actions, sticky })
    if (!sticky) setTimeout(() => dismiss(id), LIFE_MS)
    return id
  }

  function dismiss(id: number): void {
    list.value = list.value.filter((toast) => toast.id !== id)
  }

  /** For whatever was thrown by a host or a kernel call. */
  function failed(what: string, error: unknown, hint = ''): void {
    const why = error instanceof Error ? error.message : String(error)
    show('error', `${what}: ${why}`, { hint })
  }

  return { list, show, dismiss, failed }
})
