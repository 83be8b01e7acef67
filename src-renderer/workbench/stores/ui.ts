import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

export type DialogName =
  'palette' | 'goto' | 'keys' | 'settings' | 'gallery' | 'new' | 'about' | 'failures'

export interface PendingBundle {
  name: string
  notes: string
  traceHash: string
  seed: number
  strategy: string
}

export interface PromptRequest {
  title: string
  label: string
  ok: string
  value?: string
  /** More than one line. */
  long?: boolean
}

/** What is open over the panels. */
export const useUi = defineStore('ui', () => {
  const dialog = ref<DialogName | null>(null)
  /** A bundle that was opened and not trusted yet. */
  const bundle = shallowRef<PendingBundle | null>(null)
  /** Page of the help that is shown. */
  const helpPage = ref<string | null>(null)
  const dropping = ref(false)
  const prompt = shallowRef<(PromptRequest & { answer: (text: string | null) => void }) | null>(
    null,
  )

  /** Asks for a text; null when it was cancelled. */
  function ask(request: PromptRequest): Promise<string | null> {
    return new Promise((resolve) => (prompt.value = { ...request, answer: resolve }))
  }

  function open(name: DialogName): void {
    dialog.value = name
  }

  function close(): void {
    dialog.value = null
  }

  return { dialog, bundle, helpPage, dropping, prompt, ask, open, close }
})
