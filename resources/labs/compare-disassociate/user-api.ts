import { RDMA_VERBS_IOCTL, UVERBS_ID_DRIVER_NS, UVERBS_METHOD_GET_CONTEXT } from 'rdma/uverbs_ioctl'
import { close, ioctl, open, O_RDWR } from 'user/libc'

/** How a program reaches the driver in this model: as a verbs device, with a context of its own. */
export function edu_open() {
  const fd = open('/dev/infiniband/uverbs0', O_RDWR)
  if (fd < 0) return fd
  if (ioctl(fd, RDMA_VERBS_IOCTL, { method_id: UVERBS_METHOD_GET_CONTEXT }) < 0) {
    close(fd)
    return -1
  }
  return fd
}
export function edu_call(fd: number, command: number, value: number) {
  return ioctl(fd, RDMA_VERBS_IOCTL, { method_id: UVERBS_ID_DRIVER_NS + command, value })
}
