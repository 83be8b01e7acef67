import { begin, end, event } from '../declare'

/** The kernel log, findings, and what the lab itself has to say. */

export const console = event(
  'console', 'lab', 'The kernel prints a line.',
  ['level:emerg|alert|crit|err|warning|notice|info|debug', 'msg:str'],
)
export const finding = event(
  'finding', 'lab', 'A checker found a mistake.', ['id:u32', 'kind:str', 'title:str', 'object:obj'],
)
export const note = event(
  'note', 'lab', 'A note of the scenario or of the person at the screen.',
  ['text:str', 'object:obj'],
)
export const user_print = event(
  'user_print', 'lab', 'A user program prints a line.', ['text:str'],
)
export const scenario_begin = event(
  'scenario_begin', 'lab', 'A step of the scenario starts.',
  ['step:str'], [begin('scenario', '$step')],
)
export const scenario_end = event(
  'scenario_end', 'lab', 'A step of the scenario is done.', ['step:str'], [end('scenario')],
)
export const choice = event(
  'choice', 'lab', 'There was a choice of what happens next.',
  ['picked:u32', 'enabled:u32', 'operation:sym', 'object:obj'],
)
export const fault_injected = event(
  'fault_injected', 'lab', 'A failure was made to happen.', ['what:str', 'count:u32'],
)
