/** Stands where a pointer would, and carries an error number: `linux/err` gives it to drivers. */
export class error_pointer {
  readonly errno: number
  constructor(errno: number) {
    this.errno = errno
  }
}

/** A negative error number as a pointer. */
export const errPtr = <T = never>(error: number): T => new error_pointer(error) as unknown as T

export const isErr = (pointer: unknown): pointer is error_pointer => pointer instanceof error_pointer

/** The negative error number inside, 0 for a good pointer. */
export const ptrErr = (pointer: unknown): number => (isErr(pointer) ? pointer.errno : 0)
