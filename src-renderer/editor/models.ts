import type * as Monaco from 'monaco-editor/editor'
import type { useLab } from '../workbench/stores'

type Lab = ReturnType<typeof useLab>

export function languageOf(path: string): string {
  if (path.endsWith('.ts')) return 'typescript'
  if (path.endsWith('.json')) return 'json'
  return 'plaintext'
}

/**
 * One model per file of the open lab. The lab store owns the text: what is typed goes there at once,
 * and what others change comes from there. Undo history lives as long as the lab is open.
 */
export class Models {
  readonly #monaco: typeof Monaco
  readonly #lab: Lab
  readonly #byPath = new Map<string, Monaco.editor.ITextModel>()
  #labId = ''
  #syncing = false

  constructor(monaco: typeof Monaco, lab: Lab) {
    this.#monaco = monaco
    this.#lab = lab
  }

  get(path: string): Monaco.editor.ITextModel | null {
    return this.#byPath.get(path) ?? null
  }

  pathOf(model: Monaco.editor.ITextModel | null): string | null {
    if (!model) return null
    for (const [path, one] of this.#byPath) if (one === model) return path
    return null
  }

  get labId(): string {
    return this.#labId
  }

  get all(): ReadonlyMap<string, Monaco.editor.ITextModel> {
    return this.#byPath
  }

  /** Makes the models equal to the lab's files. Answers whether there are new ones. */
  sync(): boolean {
    let fresh = false
    if (this.#labId !== this.#lab.id) this.clear()
    this.#labId = this.#lab.id
    for (const [path, model] of this.#byPath) {
      if (this.#lab.files.has(path)) continue
      this.#byPath.delete(path)
      model.dispose()
    }
    this.#syncing = true
    for (const file of this.#lab.files.values()) {
      fresh ||= !this.#byPath.has(file.path)
      const model = this.#byPath.get(file.path) ?? this.#create(file.path, file.text)
      if (model.getValue() !== file.text) replaceText(model, file.text)
    }
    this.#syncing = false
    return fresh
  }

  clear(): void {
    for (const model of this.#byPath.values()) model.dispose()
    this.#byPath.clear()
  }

  #create(path: string, text: string): Monaco.editor.ITextModel {
    const id = encodeURIComponent(this.#labId || 'lab')
    const uri = this.#monaco.Uri.parse(`file:///klab/${id}/${path}`)
    this.#monaco.editor.getModel(uri)?.dispose()
    const model = this.#monaco.editor.createModel(text, languageOf(path), uri)
    model.updateOptions({ tabSize: 2, insertSpaces: true })
    model.onDidChangeContent(() => {
      if (!this.#syncing) this.#lab.edit(path, model.getValue())
    })
    this.#byPath.set(path, model)
    return model
  }
}

/** As an edit, so that undo brings the old text back. */
function replaceText(model: Monaco.editor.ITextModel, text: string): void {
  model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null)
}
