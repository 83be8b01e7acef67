/** Inherited properties that objects of a lab, and libraries, give values of their own. */
const OVERRIDABLE: readonly [object, readonly string[]][] = [
  [
    Object.prototype,
    [
      'constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toString',
      'valueOf',
    ],
  ],
  [Error.prototype, ['constructor', 'message', 'name', 'toString']],
]

/**
 * Lets `object.valueOf = ...` work although what it hides is read-only. The sandbox library offers
 * the same for all prototypes at once, but its way makes an accessor of the iteration of arrays,
 * after which V8 runs every spread and every `for ... of` over an array step by step.
 */
export function allowOverriding(): void {
  for (const [owner, keys] of OVERRIDABLE)
    for (const key of keys) allow(owner, key, Object.getOwnPropertyDescriptor(owner, key)!)
}

function allow(owner: object, key: string, property: PropertyDescriptor): void {
  if (!('value' in property) || property.configurable !== true) return
  const { value } = property as { value: unknown }
  const access = {
    get: () => value,
    set(this: object, own: unknown): void {
      if (this === owner) throw new TypeError(`'${key}' cannot be changed for all objects`)
      Object.defineProperty(this, key, {
        value: own, writable: true, enumerable: true, configurable: true,
      })
    },
  }
  // Where hardening looks for what the getter hides.
  Object.defineProperty(access.get, 'originalValue', { value })
  Object.defineProperty(owner, key, { ...access, enumerable: false, configurable: true })
}
