import 'ses'
import { freezePrototypes } from './freeze-prototypes'
import { allowOverriding } from './overridable'

/**
 * Hardens the realm that lab code will run in. Once for each worker, before the first sandbox:
 * from then on nobody can change what arrays, strings or functions do. Never called in a realm
 * that belongs to others (the window, a test runner's main process).
 */
let prepared = false

export function prepareRealm(): void {
  if (prepared) return
  prepared = true
  repairIntrinsics({
    errorTaming: 'unsafe',
    overrideTaming: 'min',
    consoleTaming: 'unsafe',
    errorTrapping: 'none',
    unhandledRejectionTrapping: 'none',
  })
  allowOverriding()
  freezePrototypes()
  hardenIntrinsics()
}

export const isPrepared = (): boolean => prepared
