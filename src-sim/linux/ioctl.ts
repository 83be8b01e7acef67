import { quiet } from '../kernel/api'

/** Numbers of ioctl commands: `linux/ioctl`. A letter may be written as one. */

const NR_BITS = 8
const TYPE_BITS = 8
const SIZE_BITS = 14

const TYPE_SHIFT = NR_BITS
const SIZE_SHIFT = NR_BITS + TYPE_BITS
const DIR_SHIFT = SIZE_SHIFT + SIZE_BITS

export const _IOC_NONE = 0
export const _IOC_WRITE = 1
export const _IOC_READ = 2

type Letter = number | string
const code = (type: Letter): number => (typeof type === 'string' ? type.charCodeAt(0) : type)

/** Puts a command together; `size` is that of the argument in bytes. */
export const _IOC = quiet((dir: number, type: Letter, nr: number, size: number): number =>
  ((dir << DIR_SHIFT) | (size << SIZE_SHIFT) | (code(type) << TYPE_SHIFT) | nr) >>> 0,
)
/** A command without an argument. */
export const _IO = quiet((type: Letter, nr: number): number => _IOC(_IOC_NONE, type, nr, 0))
/** The kernel writes the argument, the program reads it. */
export const _IOR = quiet((type: Letter, nr: number, size: number): number =>
  _IOC(_IOC_READ, type, nr, size),
)
/** The program writes the argument, the kernel reads it. */
export const _IOW = quiet((type: Letter, nr: number, size: number): number =>
  _IOC(_IOC_WRITE, type, nr, size),
)
export const _IOWR = quiet((type: Letter, nr: number, size: number): number =>
  _IOC(_IOC_READ | _IOC_WRITE, type, nr, size),
)
export const _IOC_DIR = quiet((cmd: number): number => cmd >>> DIR_SHIFT)
export const _IOC_TYPE = quiet((cmd: number): number => (cmd >>> TYPE_SHIFT) & 0xff)
export const _IOC_NR = quiet((cmd: number): number => cmd & 0xff)
export const _IOC_SIZE = quiet((cmd: number): number => (cmd >>> SIZE_SHIFT) & 0x3fff)
