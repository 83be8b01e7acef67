import type { Machine } from '../../engine/machine'
import { call, type Sim } from '../../engine/suspend'
import { EINVAL, ENOSPC } from '../errno'
import { kernelLog } from '../printk/log'
import type { module } from './module'

/** A knob of a module: set when it is loaded, and through /sys/module when `mode` says so. */
export interface ModuleParameter {
  name: string
  mode: number
  set(text: string): Sim<number>
  get(): Sim<string | number>
}

type Value = number | boolean | string

function parse(text: string, like: Value): Value | null {
  if (typeof like === 'string') return text
  if (typeof like === 'boolean') {
    if (/^(1|[yY])/.test(text) || text === '') return true
    return /^(0|[nN])/.test(text) ? false : null
  }
  return /^[-+]?(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(text.trim()) ? Number(text.trim()) : null
}

const show = (value: Value): string =>
  typeof value === 'boolean' ? (value ? 'Y' : 'N') : String(value)

/** A parameter behind a variable of the module. */
export function plainParameter(
  name: string, box: { value: Value }, mode: number, length = Infinity,
): ModuleParameter {
  return {
    name,
    mode,
    *set(text) {
      const value = parse(text.replace(/\n$/, ''), box.value)
      if (value === null) return -EINVAL
      if (typeof value === 'string' && value.length >= length) return -ENOSPC
      box.value = value
      return 0
    },
    *get() {
      return `${show(box.value)}\n`
    },
  }
}

/** A list of numbers with commas between them; `count` gets how many were given. */
export function arrayParameter(
  name: string, box: { value: number[] }, count: { value: number } | null, mode: number,
): ModuleParameter {
  return {
    name,
    mode,
    *set(text) {
      const values = text.trim().split(',').map((part) => parse(part, 0) as number | null)
      if (values.length > box.value.length || values.includes(null)) return -EINVAL
      for (const [i, value] of values.entries()) box.value[i] = value!
      if (count) count.value = values.length
      return 0
    },
    *get() {
      return `${box.value.slice(0, count?.value ?? box.value.length).join(',')}\n`
    },
  }
}

/** Functions of the module that set and read a parameter. */
export interface kernel_param_ops {
  set?: ((val: string, kp: { name: string; arg: any }) => number) | null
  get?: ((buf: Uint8Array, kp: { name: string; arg: any }) => number) | null
}

export function callbackParameter(
  name: string,
  ops: kernel_param_ops,
  arg: unknown,
  mode: number,
): ModuleParameter {
  const kp = { name, arg }
  return {
    name,
    mode,
    *set(text) {
      const { set } = ops
      return set ? Number(yield* call(() => set(text, kp))) : -EINVAL
    },
    *get() {
      const { get } = ops
      const buf = new Uint8Array(4096)
      const n = get ? Number(yield* call(() => get(buf, kp))) : -EINVAL
      return n < 0 ? n : String.fromCharCode(...buf.subarray(0, n))
    },
  }
}

/** Applies `a=1 b=text` to a module that is being loaded. 0 or -errno. */
export function applyParameters(m: Machine, mod: module, text: string): number {
  for (const word of text.split(/\s+/)) {
    if (word === '') continue
    const [name = '', value = ''] = word.split('=', 2)
    if (name === 'async_probe') {
      mod.$asyncProbe = true
      continue
    }
    if (name === 'dyndbg') {
      mod.$debug = !value.includes('-p')
      continue
    }
    const parameter = mod.$parameters.find((p) => p.name === name)
    if (!parameter) {
      kernelLog(m).print(4, `${mod.name}: unknown parameter '${name}' ignored\n`)
      continue
    }
    const ret = m.runtime.atomic<number>(parameter.set(value))
    if (ret < 0) {
      kernelLog(m).print(3, `${mod.name}: \`${value}' invalid for parameter \`${name}'\n`)
      return ret
    }
  }
  return 0
}
