import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { warn } from '../printk/warn'

const said = service(() => new Set<string>())

/** WARN_ON_ONCE: once in the life of a machine. True the first time. */
export function warnOnce(
  what: string,
  source: string,
  rule: string,
  text: string | null = null,
): boolean {
  const m = machine()
  if (said(m).has(what)) return false
  said(m).add(what)
  warn(m, `iommu-${what}`, source, text, { rules: [rule] })
  return true
}
