/** After `npm ci`: builds everything, so that the first command is instant. Never fails an install. */
try {
  const { buildAll } = await import('./build.mjs')
  await buildAll()
} catch (error) {
  console.error(`klab: not built yet (${error.message.split('\n')[0]}); it will be when it is first started.`)
}
process.exit(0)
