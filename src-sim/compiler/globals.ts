/** The parts of the language that lab code may name without importing them. */
const NAMESPACES = ['Math', 'JSON', 'Reflect']
const CLASSES = [
  'Object', 'Array', 'Map', 'Set', 'WeakMap', 'WeakSet', 'String', 'Number', 'Boolean', 'BigInt',
  'Symbol', 'RegExp', 'Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError',
  'EvalError', 'URIError', 'AggregateError', 'ArrayBuffer', 'DataView',
]
const BUFFERS = [
  'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array',
  'Uint32Array', 'BigInt64Array', 'BigUint64Array',
]
const FUNCTIONS = [
  'isNaN', 'isFinite', 'parseInt', 'parseFloat', 'encodeURIComponent', 'decodeURIComponent',
  'encodeURI', 'decodeURI',
]
const VALUES = ['undefined', 'NaN', 'Infinity', 'arguments']

export const ALLOWED_GLOBALS: ReadonlySet<string> = new Set([
  ...NAMESPACES, ...CLASSES, ...BUFFERS, ...FUNCTIONS, ...VALUES,
])

/** Constructors that take a size; calls to them are checked against the allocation limit. */
export const SIZED_GLOBALS: ReadonlySet<string> = new Set(['Array', 'ArrayBuffer', ...BUFFERS])

/** Global objects whose functions never call back into lab code, except as listed. */
export const PURE_GLOBALS: ReadonlySet<string> = new Set([
  'Math', 'Object', 'Number', 'String', 'Boolean', 'BigInt', 'Symbol', 'RegExp', 'ArrayBuffer',
])

const CLOCK = 'use ktime_get() or jiffies, so that a run can be repeated'
const TIMER = 'use a timer_list, a work_struct or msleep()'
const LOG = 'use pr_info() or dev_info()'
const REALM = 'there is no global object; import what you need'
const ASYNC = 'kernel code sleeps by calling: write it as plain synchronous code'
const FLOAT = 'the kernel computes with integers; use Int32Array or BigInt64Array'
const MODULE = "write an import at the top, as in import { kzalloc } from 'linux/slab'"

/** What people try to use, and what to use instead. */
export const REFUSED_GLOBALS: ReadonlyMap<string, string> = new Map([
  ['Date', CLOCK], ['performance', CLOCK],
  ['setTimeout', TIMER], ['setInterval', TIMER], ['setImmediate', TIMER],
  ['clearTimeout', TIMER], ['clearInterval', TIMER], ['requestAnimationFrame', TIMER],
  ['queueMicrotask', TIMER],
  ['console', LOG], ['alert', LOG],
  ['process', REALM], ['globalThis', REALM], ['window', REALM], ['self', REALM], ['global', REALM],
  ['document', REALM],
  ['Promise', ASYNC], ['Generator', ASYNC],
  ['Atomics', 'use atomic_t, READ_ONCE() and WRITE_ONCE()'],
  ['SharedArrayBuffer', 'all memory of the machine is shared already; use kzalloc()'],
  ['require', MODULE], ['module', MODULE], ['exports', 'write export in front of the declaration'],
  ['Function', 'code cannot be made from text; write a function'],
  ['eval', 'code cannot be made from text; write a function'],
  ['Proxy', 'write a class with accessors'],
  ['WeakRef', 'when memory goes away is decided by kfree() and kref_put() alone'],
  ['FinalizationRegistry', 'when memory goes away is decided by kfree() and kref_put() alone'],
  ['crypto', 'use get_random_u32(), which follows the seed of the run'],
  ['Intl', 'what it answers differs between machines; format by hand'],
  ['Buffer', 'use Uint8Array'],
  ['Float32Array', FLOAT], ['Float64Array', FLOAT],
  ['fetch', 'a lab cannot reach the network'], ['XMLHttpRequest', 'a lab cannot reach the network'],
  ['localStorage', 'a lab keeps nothing between runs'],
  ['structuredClone', 'copy the fields'],
])

/** Members of allowed globals that would make two runs differ. */
export const REFUSED_MEMBERS: ReadonlyMap<string, string> = new Map([
  ['Math.random', 'use get_random_u32(), which follows the seed of the run'],
  ...['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2', 'sinh', 'cosh', 'tanh', 'asinh',
    'acosh', 'atanh', 'exp', 'expm1', 'log', 'log2', 'log10', 'log1p', 'cbrt', 'hypot', 'pow',
  ].map((name): [string, string] => [
    `Math.${name}`,
    name === 'log2' ? 'use ilog2()'
      : name === 'pow' ? 'use the ** operator' : 'use integers, as the kernel does',
  ]),
  ['Array.fromAsync', ASYNC],
])

/** Methods that the language itself calls: they run to their end without suspending. */
export const PROTOCOL_METHODS: ReadonlySet<string> = new Set([
  'toString', 'valueOf', 'toJSON', 'toLocaleString',
])
