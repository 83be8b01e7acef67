/** Error numbers of the kernel's scheduler and locks. */
export const ENOENT = 2
export const EINTR = 4
export const ENOMEM = 12
export const EBUSY = 16
export const EEXIST = 17
export const EINVAL = 22
export const EDEADLK = 35
export const ENOSYS = 38
export const ETIME = 62
export const EALREADY = 114
export const ERESTARTSYS = 512
