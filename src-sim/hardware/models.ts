import type { device_model } from './device-model'
import { edu } from './edu'
import { mailbox } from './mailbox'

/** Device models by the name that a machine file uses. */
export const MODELS: Readonly<Record<string, new () => device_model>> = { edu, mailbox }
