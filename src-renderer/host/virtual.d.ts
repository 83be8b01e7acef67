declare module 'virtual:builtin-labs' {
  const labs: { id: string; files: Record<string, string> }[]
  export default labs
}
declare module 'virtual:templates' {
  const labs: { id: string; files: Record<string, string> }[]
  export default labs
}
declare module 'virtual:docs' {
  const pages: { id: string; title: string; text: string }[]
  export default pages
}
declare module 'virtual:driver-api' {
  const api: { files: Record<string, string>; paths: Record<string, string[]> }
  export default api
}
declare const __KLAB_VERSION__: string
