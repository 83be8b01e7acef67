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
