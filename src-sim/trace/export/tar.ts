import { ByteWriter } from './byte-writer'

const BLOCK = 512

/** Packs files into one (POSIX ustar), for formats that are a folder. */
export function* tar(files: Iterable<readonly [name: string, bytes: Uint8Array]>): Iterable<Uint8Array> {
  for (const [name, bytes] of files) {
    yield header(name, bytes.length)
    yield bytes
    yield new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK)
  }
  yield new Uint8Array(2 * BLOCK)
}

function header(name: string, size: number): Uint8Array {
  const out = new ByteWriter()
  const text = (value: string, width: number): void => {
    out.text(value)
    out.zeros(width - out.encoded(value).length)
  }
  const octal = (value: number, width: number): void => {
    text(value.toString(8).padStart(width - 1, '0'), width)
  }
  text(name, 100)
  octal(0o644, 8)
  octal(0, 8)
  octal(0, 8)
  octal(size, 12)
  octal(0, 12)
  const checksumAt = out.length
  text(' '.repeat(8), 8)
  text('0', 1)
  out.zeros(100)
  text('ustar', 6)
  text('00', 2)
  out.align(BLOCK)
  const block = out.take()
  const sum = block.reduce((n, byte) => n + byte, 0)
  block.set(out.encoded(`${sum.toString(8).padStart(6, '0')}\0 `), checksumAt)
  return block
}
