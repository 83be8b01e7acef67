import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

export type DialogName = 'palette' | 'goto' | 'keys' | 'settings' | 'gallery' | 'new' | 'about'

export interface PendingBundle {
  name: string
  notes: string
  traceHash: string
  seed: number
  strategy: string
}

/** What is open over the panels. */
export const useUi = defineStore('ui', () => {
  const dialog = ref<DialogName | null>(null)
  /** A bundle that was opened and not trusted yet. */
  const bundle = shallowRef<PendingBundle | null>(null)
  /** Page of the help that is shown. */
  const helpPage = ref<string | null>(null)
  const dropping = ref(false)

  function open(name: DialogName): void {
    dialog.value = name
  }

  function close(): void {
    dialog.value = null
  }

  return { dialog, bundle, helpPage, dropping, open, close }
})
