import { clear, enter, event, leave, set } from '../declare'

/** Revocable access: who is inside, and when the door closes. */

export const revocable_enter = event(
  'revocable_enter', 'rust', 'Somebody got access to what is inside.', ['revocable:obj'],
  [enter('revocable', 'in use', '@context')],
)
export const revocable_leave = event(
  'revocable_leave', 'rust', 'Somebody is done with what is inside.', ['revocable:obj'],
  [leave('revocable', 'in use')],
)
export const revocable_denied = event(
  'revocable_denied', 'rust', 'Access is refused because it was revoked.', ['revocable:obj'],
)
export const revocable_revoke = event(
  'revocable_revoke', 'rust', 'Access is revoked; those inside may still be waited for.',
  ['revocable:obj', 'sync:bool'], [set('revocable', 'state', 'revoked')],
)
export const revocable_drop = event(
  'revocable_drop', 'rust', 'What was inside is dropped.', ['revocable:obj'],
  [clear('revocable', 'in use')],
)
