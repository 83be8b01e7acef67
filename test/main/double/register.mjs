import { register } from 'node:module'

/** Sends every import of `electron` to the stand-in, worker threads included. */
register('./hooks.mjs', import.meta.url)
