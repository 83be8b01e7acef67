const BATCH = 1 << 16

/** Joins many small pieces into parts that are worth writing. `next` answers null at the end. */
export function* batches(next: () => string | null): Generator<string> {
  let text = ''
  for (let piece = next(); piece !== null; piece = next()) {
    text += piece
    if (text.length >= BATCH) {
      yield text
      text = ''
    }
  }
  if (text !== '') yield text
}

const ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r' }

/** Text of drivers may hold line breaks; formats of lines must not. */
export function oneLine(text: string): string {
  return /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, (c) => ESCAPES[c]!) : text
}
