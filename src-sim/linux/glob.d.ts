/** The bundler's way to take all files of a folder, so that a new header needs no list. */
interface ImportMeta {
  glob(pattern: string, options: { eager: true }): Record<string, Record<string, unknown>>
}
