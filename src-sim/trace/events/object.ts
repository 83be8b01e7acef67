import { alloc, event, free, hold, link, name, pin, refs, unhold, unpin } from '../declare'

/** The life of objects, who refers to them, and who holds them and why. */

export const object_alloc = event(
  'object_alloc', 'object', 'An object comes to life.',
  ['object:obj', 'parent:obj'], [alloc('object'), link('object', 'parent')],
)
export const object_free = event(
  'object_free', 'object', 'The memory of an object is given back.',
  ['object:obj'], [free('object')],
)
export const object_link = event(
  'object_link', 'object', 'An object becomes part or child of another.',
  ['object:obj', 'parent:obj'], [link('object', 'parent')],
)
export const object_rename = event(
  'object_rename', 'object', 'An object gets a name.',
  ['object:obj', 'name:str'], [name('object', 'name')],
)
export const ref_get = event(
  'ref_get', 'object', 'A reference count goes up: somebody takes a reference.',
  ['object:obj', 'count:i32', 'holder:obj', 'why:str'],
  [refs('object', 'count'), pin('holder', 'object', '$why')],
)
export const ref_put = event(
  'ref_put', 'object', 'A reference count goes down: the reference of a holder is dropped.',
  ['object:obj', 'count:i32', 'holder:obj', 'why:str'],
  [refs('object', 'count'), unpin('holder', 'object', '$why')],
)
export const holder_add = event(
  'holder_add', 'object', 'From now on an object (or task) relies on another one.',
  ['holder:obj', 'object:obj', 'why:str'], [hold('holder', 'object', '$why')],
)
export const holder_remove = event(
  'holder_remove', 'object', 'An object no longer relies on another one.',
  ['holder:obj', 'object:obj', 'why:str'], [unhold('holder', 'object', '$why')],
)
