import { service } from '../engine/service'

/** What whoever runs the lab has chosen: the value of each parameter that the lab declares. */
export const runParameters = service(() => new Map<string, string>())
