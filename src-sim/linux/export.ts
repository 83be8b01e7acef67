/** Offering functions to other modules: `linux/export`. */
export { EXPORT_SYMBOL, EXPORT_SYMBOL_GPL } from './module'
