/**
 * Freezes the values that labs are given, so that one lab cannot change the kernel for the next:
 * functions, classes, prototypes and constant tables. What these make stays as it is: instances
 * are memory of the simulated machine, and the kernel goes on writing to them.
 */
export function hardenApi(values: Iterable<unknown>): void {
  const done = new Set<object>()
  for (const value of values) freeze(value, done)
}

function freeze(value: unknown, done: Set<object>): void {
  if (typeof value === 'function') freezeFunction(value, done)
  else if (isTable(value) && !done.has(value)) {
    done.add(value)
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part, done)
  }
}

/** Constants are plain objects and arrays; anything else that a module exports is an instance. */
function isTable(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Array.isArray(value)
}

/** A class is frozen with its prototype and those it extends; fields are made by constructors. */
function freezeFunction(f: object, done: Set<object>): void {
  if (done.has(f)) return
  done.add(f)
  const { prototype } = f as { prototype?: unknown }
  if (typeof prototype === 'object' && prototype !== null) freezePrototype(prototype, done)
  Object.freeze(f)
  const parent: unknown = Object.getPrototypeOf(f)
  if (typeof parent === 'function' && parent !== Function.prototype) freezeFunction(parent, done)
}

function freezePrototype(prototype: object, done: Set<object>): void {
  if (done.has(prototype)) return
  done.add(prototype)
  const descriptors = Object.getOwnPropertyDescriptors(prototype)
  for (const [name, descriptor] of Object.entries(descriptors)) {
    if (typeof descriptor.value === 'function' && name !== 'constructor') {
      freezeFunction(descriptor.value as object, done)
    }
  }
  makeOverridable(prototype, descriptors)
  Object.freeze(prototype)
}

/**
 * A frozen data property of a prototype cannot be shadowed by assignment. Plain values (defaults
 * that constructors overwrite) therefore become accessors that define the instance's own field.
 */
function makeOverridable(prototype: object, descriptors: Record<string, PropertyDescriptor>): void {
  for (const [name, descriptor] of Object.entries(descriptors)) {
    if (!('value' in descriptor) || !descriptor.configurable) continue
    if (typeof descriptor.value === 'function') continue
    const { value } = descriptor
    Object.defineProperty(prototype, name, {
      enumerable: descriptor.enumerable ?? false,
      configurable: false,
      get: () => value as unknown,
      set(this: object, own: unknown) {
        const field = { value: own, writable: true, enumerable: true, configurable: true }
        Object.defineProperty(this, name, field)
      },
    })
  }
}
