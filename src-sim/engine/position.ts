/**
 * A source position in one small integer, so that storing it costs nothing: 7 bits of file,
 * 14 bits of line (from 1) and 9 bits of column (from 1; later columns read as the last one).
 * Files are numbered per machine: each file of each module instance has its own number, which is
 * therefore also the answer to "whose text is this?".
 */
export type Position = number

export const NO_POSITION: Position = 0
export const FILES_MAX = 127
export const LINES_MAX = (1 << 14) - 1

export function position(file: number, line: number, column: number): Position {
  return (file << 23) | (Math.min(line, LINES_MAX) << 9) | Math.min(column, 511)
}

export const fileOf = (p: Position): number => p >>> 23
export const lineOf = (p: Position): number => (p >>> 9) & LINES_MAX
export const columnOf = (p: Position): number => p & 511
