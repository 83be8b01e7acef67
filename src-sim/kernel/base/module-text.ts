import { now } from '../../engine/current'
import type { RawStack } from '../../engine/finding'
import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { visitMembers } from '../mm/embed'
import { slab, type Allocation } from '../mm/slab'
import { takeStack } from '../report'
import type { module } from './module'

const TEXT_BASE = 0xa_0000_0000_0000

/** The text and the static data are gone: whoever still points there has a dangling pointer. */
export function freeText(m: Machine, mod: module): void {
  const stack = takeStack(m, now.exec, 'free_module')
  mod.$unloaded = stack
  for (const file of mod.$files) {
    m.runtime.unload(file)
    emit(ev.code_unload, mod, file)
  }
  for (const object of [mod, ...mod.$statics]) killStatic(m, mod, object, stack)
}

function killStatic(m: Machine, mod: module, object: object, stack: RawStack): void {
  const record: Allocation = {
    object,
    address: TEXT_BASE + m.idOf(object) * 64,
    bytes: 64,
    cache: `module ${mod.name}`,
    pages: 0,
    physical: null,
    allocated: stack,
    freed: stack,
    module: mod.name,
  }
  slab(m).on.free.emit(record)
  if (!slab(m).poison) return
  visitMembers(object, (member) => {
    hidden(member).$dead = record
  })
}
