const BLOCK = 512

/** The plain files of a tar archive that klab itself has written, whose names are single words. */
export function* untar(archive: Uint8Array): Iterable<[name: string, bytes: Uint8Array]> {
  for (let at = 0; archive[at]; ) {
    const name = textOf(archive.subarray(at, at + 100))
    const size = Number.parseInt(textOf(archive.subarray(at + 124, at + 136)), 8)
    const start = at + BLOCK
    yield [name, archive.subarray(start, start + size)]
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}
