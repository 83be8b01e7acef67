import { alloc, begin, clear, end, event, exit, free, pin, refs, set, unpin } from '../declare'

/** Modules and their text: include/trace/events/module.h. */

export const module_load = event(
  'module_load', 'module', 'A module is in memory.', ['module:obj', 'name:str', 'taints:str'],
  [alloc('module')],
)
export const module_free = event(
  'module_free', 'module', 'The memory of a module is gone.', ['module:obj', 'name:str'],
  [exit('module'), free('module')],
)
export const module_get = event(
  'module_get', 'module', 'A module is pinned.',
  ['module:obj', 'ip:sym', 'refcnt:i32', 'holder:obj', 'why:str'],
  [refs('module', 'refcnt'), pin('holder', 'module', '$why')],
)
export const module_put = event(
  'module_put', 'module', 'A pin on a module is dropped.',
  ['module:obj', 'ip:sym', 'refcnt:i32', 'holder:obj', 'why:str'],
  [refs('module', 'refcnt'), unpin('holder', 'module', '$why')],
)
export const module_busy = event(
  'module_busy', 'module', 'Unloading a module is refused: it is in use.',
  ['module:obj', 'ret:i32', 'why:str'],
)
export const module_request = event(
  'module_request', 'module', 'The kernel asks for a module.', ['name:str', 'wait:bool', 'ip:sym'],
)
export const module_state = event(
  'module_state', 'module', 'A module goes to another state.',
  ['module:obj', 'state:UNFORMED|COMING|LIVE|GOING'], [set('module', 'state', '$state')],
)
export const module_init_start = event(
  'module_init_start', 'module', 'The init function is called.', ['module:obj', 'function:sym'],
  [begin('module init', '$function')],
)
export const module_init_end = event(
  'module_init_end', 'module', 'The init function returns.', ['module:obj', 'ret:i32'],
  [end('module init')],
)
export const module_exit_start = event(
  'module_exit_start', 'module', 'The exit function is called.', ['module:obj', 'function:sym'],
  [begin('module exit', '$function')],
)
export const module_exit_end = event(
  'module_exit_end', 'module', 'The exit function returns.', ['module:obj'], [end('module exit')],
)
export const code_load = event(
  'code_load', 'module', 'The text of a module can be executed.', ['module:obj', 'file:u32'],
  [set('module', 'text', 'loaded')],
)
export const code_unload = event(
  'code_unload', 'module', 'The text of a module is gone: calling it is a crash.',
  ['module:obj', 'file:u32'], [clear('module', 'text')],
)
