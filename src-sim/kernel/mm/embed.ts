import { hidden, KernelObject } from '../../engine/object'

/**
 * Links everything that a freshly constructed structure contains to it, as a C struct contains its
 * members: this is what container_of, freeing and the reports rely on. A field is embedded when
 * its object was made by the constructor, that is, when it belongs to nobody yet.
 */
export function embedMembers(object: object): void {
  for (const field of Object.keys(object)) {
    if (field.charCodeAt(0) === 36) continue
    const value = (object as Record<string, unknown>)[field]
    if (value === null || typeof value !== 'object') continue
    if (Array.isArray(value)) value.forEach((item, i) => adopt(object, `${field}[${i}]`, item))
    else adopt(object, field, value)
  }
}

function adopt(owner: object, field: string, value: unknown): void {
  if (value === null || typeof value !== 'object' || !Object.isExtensible(value)) return
  const h = hidden(value)
  if (h.$parent || h.$alloc || value === owner) return
  const plain = Object.getPrototypeOf(value) === Object.prototype
  if (!(value instanceof KernelObject) && !plain && isBuiltIn(value)) return
  h.$parent = owner
  h.$field = field
  embedMembers(value)
}

function isBuiltIn(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer
  )
}

/** Calls `visit` for the object and all that is embedded in it, outermost first. */
export function visitMembers(object: object, visit: (member: object) => void): void {
  visit(object)
  // Each byte of a buffer is a key of its own.
  if (ArrayBuffer.isView(object)) return
  for (const field of Object.keys(object)) {
    if (field.charCodeAt(0) === 36) continue
    const value = (object as Record<string, unknown>)[field]
    if (value === null || typeof value !== 'object') continue
    if (Array.isArray(value)) {
      for (const item of value) if (isMember(object, item)) visitMembers(item, visit)
    } else if (isMember(object, value)) visitMembers(value, visit)
  }
}

const isMember = (owner: object, value: unknown): value is object =>
  value !== null && typeof value === 'object' && hidden(value).$parent === owner

/** Path of a member inside its outermost structure: `work`, `ring[2].lock`; '' for itself. */
export function memberPath(object: object): string {
  const parts: string[] = []
  for (let o = object; hidden(o).$parent; o = hidden(o).$parent!) parts.unshift(hidden(o).$field!)
  return parts.join('.')
}

/**
 * How many bytes a structure would take: enough to choose a slab cache and print a report. What it
 * contains counts once it is embedded.
 */
export function sizeOf(object: object): number {
  let bytes = 0
  for (const field of Object.keys(object)) {
    if (field.charCodeAt(0) === 36) continue
    bytes += memberSize(object, (object as Record<string, unknown>)[field])
  }
  return Math.max(8, bytes)
}

function memberSize(owner: object, value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + memberSize(owner, item), 0)
  if (ArrayBuffer.isView(value)) return value.byteLength
  return isMember(owner, value) ? sizeOf(value) : 8
}

/** What lies at the same address and contains the most: a structure begins with its first member. */
export function startingAt(object: object): object {
  let o = object
  for (let up = hidden(o).$parent; up; up = hidden(o).$parent) {
    const first = Object.keys(up).find((key) => key.charCodeAt(0) !== 36)
    if (first !== hidden(o).$field) return o
    o = up
  }
  return o
}

/** Byte offset of a field inside the outermost structure that `object` is part of. */
export function embedOffset(object: object, field: PropertyKey): number {
  let offset = fieldOffset(object, String(field))
  for (let o = object; hidden(o).$parent; o = hidden(o).$parent!)
    offset += fieldOffset(hidden(o).$parent!, hidden(o).$field!)
  return offset
}

function fieldOffset(object: object, field: string): number {
  let offset = 0
  const name = field.replace(/\[\d+\]$/, '')
  for (const key of Object.keys(object)) {
    if (key.charCodeAt(0) === 36) continue
    if (key === name) return offset
    offset += memberSize(object, (object as Record<string, unknown>)[key])
  }
  return 0
}
