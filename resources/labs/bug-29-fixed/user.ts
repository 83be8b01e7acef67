import { close, exit, ioctl, open } from 'user/libc'
import { MAP_ANONYMOUS, MAP_PRIVATE, mmap, munmap, PROT_READ, PROT_WRITE, store32 } from 'user/mman'

export const GUEST_BYTES = 4 * 4096
/** Frames that the hypervisor has no room for. */
export const GUEST_PFN = 0x9000

/** A virtual machine monitor: offers memory to its guest, and frees it when that is refused. */
export function vmm() {
  const fd = open('/dev/mshv')
  if (fd < 0) exit(1)
  const memory = mmap(null, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  store32(memory, 0, 1)
  ioctl(fd, 1, { userspace_addr: memory, size: GUEST_BYTES, guest_pfn: GUEST_PFN })
  munmap(memory, GUEST_BYTES)
  close(fd)
}
