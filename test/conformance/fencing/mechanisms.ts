import { INTERRUPTS } from './interrupts'
import { WAITING } from './waiting'
import { WORKS } from './works'

export const MECHANISMS = [...WORKS, ...INTERRUPTS, ...WAITING]
