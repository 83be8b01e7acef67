/** Error numbers as the kernel has them; functions answer them negated. */
export const EPERM = 1
export const ENOENT = 2
export const ESRCH = 3
export const EINTR = 4
export const EIO = 5
export const ENXIO = 6
export const E2BIG = 7
export const EBADF = 9
export const ECHILD = 10
export const EAGAIN = 11
export const EWOULDBLOCK = 11
export const ENOMEM = 12
export const EACCES = 13
export const EFAULT = 14
export const EBUSY = 16
export const EEXIST = 17
export const EXDEV = 18
export const ENODEV = 19
export const ENOTDIR = 20
export const EISDIR = 21
export const EINVAL = 22
export const ENFILE = 23
export const EMFILE = 24
export const ENOTTY = 25
export const EFBIG = 27
export const ENOSPC = 28
export const ESPIPE = 29
export const EROFS = 30
export const EPIPE = 32
export const EDOM = 33
export const ERANGE = 34
export const EDEADLK = 35
export const ENAMETOOLONG = 36
export const ENOLCK = 37
export const ENOSYS = 38
export const ENOTEMPTY = 39
export const ENODATA = 61
export const ETIME = 62
export const EPROTO = 71
export const EBADMSG = 74
export const EOVERFLOW = 75
export const EILSEQ = 84
export const EOPNOTSUPP = 95
export const ESHUTDOWN = 108
export const ETIMEDOUT = 110
export const EALREADY = 114
export const EINPROGRESS = 115
export const ESTALE = 116
export const EREMOTEIO = 121
export const ECANCELED = 125
export const EOWNERDEAD = 130
export const EHWPOISON = 133
/** Only inside the kernel: the system call is to be restarted. */
export const ERESTARTSYS = 512
/** Only inside the kernel: try the probe again later. */
export const EPROBE_DEFER = 517
export const ENOTSUPP = 524

/** Names by number, for messages and `%pe`. */
export const ERROR_NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM', 2: 'ENOENT', 4: 'EINTR', 5: 'EIO', 6: 'ENXIO', 9: 'EBADF', 11: 'EAGAIN',
  12: 'ENOMEM', 13: 'EACCES', 14: 'EFAULT', 16: 'EBUSY', 17: 'EEXIST', 19: 'ENODEV', 22: 'EINVAL',
  24: 'EMFILE', 25: 'ENOTTY', 28: 'ENOSPC', 34: 'ERANGE', 35: 'EDEADLK', 38: 'ENOSYS',
  95: 'EOPNOTSUPP', 110: 'ETIMEDOUT', 125: 'ECANCELED', 512: 'ERESTARTSYS', 517: 'EPROBE_DEFER',
}
