import { ioctl, open, O_RDWR } from 'user/libc'

/** How a program reaches the driver in this model: a node of its own. */
export function edu_open() {
  return open('/dev/edu', O_RDWR)
}
export function edu_call(fd: number, command: number, value: number) {
  return ioctl(fd, command, value)
}
