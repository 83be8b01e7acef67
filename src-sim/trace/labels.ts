import type { Tables } from './tables'

/** A label is one word: two bits tell the space, the rest is the index in it. */
export type Label = number

export const NO_LABEL: Label = 0
const OBJECT = 1 << 30
const TEXT = 2 << 30
const INDEX = OBJECT - 1

/** Turns labels into text: strings and objects of the trace, and texts of the declarations. */
export class Labels {
  readonly tables: Tables
  readonly #texts: string[] = []
  readonly #ids = new Map<string, Label>()

  constructor(tables: Tables) {
    this.tables = tables
  }

  text(text: string): Label {
    if (text === '') return NO_LABEL
    let label = this.#ids.get(text)
    if (label === undefined) {
      label = (TEXT | this.#texts.length) >>> 0
      this.#texts.push(text)
      this.#ids.set(text, label)
    }
    return label
  }

  show(label: Label): string {
    if (label >>> 30 === 1) return this.objectName(label & INDEX)
    if (label >>> 30 === 2) return this.#texts[label & INDEX]!
    return this.tables.strings[label]!
  }

  /** Name of an object, or its type and number when it has none. */
  objectName(id: number): string {
    const name = this.tables.objectName(id)
    if (name !== '') return name
    return id > 0 && id <= this.tables.objectCount ? `${this.tables.objectType(id)}#${id}` : ''
  }
}

export const objectLabel = (id: number): Label => (id === 0 ? NO_LABEL : (OBJECT | id) >>> 0)
/** The object that a label names, 0 when it is a text. */
export const labelObject = (label: Label): number => (label >>> 30 === 1 ? label & INDEX : 0)
