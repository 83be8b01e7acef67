/** The page may run only what it came with; nothing is fetched from elsewhere. */
export const PAGE_CSP =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'"

/** The kernel worker makes code from labs (in its sandbox), and reaches nothing. */
export const KERNEL_CSP =
  "default-src 'none'; script-src 'self' 'unsafe-eval'; worker-src 'self'; connect-src 'none'"

/** By the name that the build gives the kernel worker's script. */
export const cspFor = (path: string): string =>
  /\/kernel-worker-[^/]*\.js$/.test(path) ? KERNEL_CSP : PAGE_CSP

export const MIME: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ttf: 'font/ttf',
  woff2: 'font/woff2',
  map: 'application/json',
}
