import { insmod, spawn, wait } from 'klab/scenario'
import { DMA_BUF_IOCTL_SYNC, DMA_BUF_SYNC_END, DMA_BUF_SYNC_RW } from 'user/dma-buf'
import { DMA_HEAP_IOCTL_ALLOC } from 'user/dma-heap'
import { close, errno, ioctl, open, O_RDWR } from 'user/libc'
import { F_ADD_SEALS, F_SEAL_SHRINK, F_SEAL_WRITE, fcntl, ftruncate, load32, MAP_FAILED, MAP_PRIVATE, MAP_SHARED, memfd_create, MFD_ALLOW_SEALING, mmap, PROT_READ, PROT_WRITE, store32 } from 'user/mman'
import { UDMABUF_CREATE } from 'user/udmabuf'
import { say, tool } from './user'

const err = (r: number) => (r < 0 ? errno() : 0)
const RW = PROT_READ | PROT_WRITE

function heap() {
  const dev = open('/dev/dma_heap/system', O_RDWR)
  const arg = { len: 5000, fd: 0, fd_flags: O_RDWR, heap_flags: 0 }
  say(`heap alloc=${err(ioctl(dev, DMA_HEAP_IOCTL_ALLOC, arg))} fd_ok=${arg.fd > 0 ? 1 : 0}`)
  say(`heap flags=${err(ioctl(dev, DMA_HEAP_IOCTL_ALLOC, { ...arg, fd: 0, heap_flags: 1 }))}`)
  say(`heap fd_set=${err(ioctl(dev, DMA_HEAP_IOCTL_ALLOC, arg))}`)
  say(`heap empty=${err(ioctl(dev, DMA_HEAP_IOCTL_ALLOC, { ...arg, fd: 0, len: 0 }))}`)
  const at = mmap(null, 8192, RW, MAP_SHARED, arg.fd, 0)
  say(`heap map=${at !== MAP_FAILED ? 1 : 0} zero=${load32(at, 4096)}`)
  say(`heap beyond=${mmap(null, 12288, RW, MAP_SHARED, arg.fd, 0) === MAP_FAILED ? errno() : 0}`)
  close(arg.fd)
  store32(at, 4096, 5)
  say(`heap after_close=${load32(at, 4096)}`)
}

function udmabuf() {
  const dev = open('/dev/udmabuf', O_RDWR)
  const memfd = memfd_create('klab', MFD_ALLOW_SEALING)
  ftruncate(memfd, 16384)
  const item = { memfd, flags: 0, offset: 4096, size: 8192 }
  say(`udmabuf unsealed=${err(ioctl(dev, UDMABUF_CREATE, item))}`)
  fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK)
  say(`udmabuf offset=${err(ioctl(dev, UDMABUF_CREATE, { ...item, offset: 1 }))}`)
  say(`udmabuf size=${err(ioctl(dev, UDMABUF_CREATE, { ...item, size: 1 }))}`)
  say(`udmabuf no_memfd=${err(ioctl(dev, UDMABUF_CREATE, { ...item, memfd: dev }))}`)
  const fd = ioctl(dev, UDMABUF_CREATE, item)
  say(`udmabuf ok=${fd >= 0 ? 1 : 0}`)
  say(`udmabuf private=${mmap(null, 4096, RW, MAP_PRIVATE, fd, 0) === MAP_FAILED ? errno() : 0}`)
  say(`udmabuf end_first=${err(ioctl(fd, DMA_BUF_IOCTL_SYNC, { flags: DMA_BUF_SYNC_RW | DMA_BUF_SYNC_END }))}`)
  const memory = mmap(null, 16384, RW, MAP_SHARED, memfd, 0)
  const buffer = mmap(null, 8192, RW, MAP_SHARED, fd, 0)
  store32(memory, 4096, 11)
  store32(buffer, 4096, 12)
  say(`udmabuf same=${load32(buffer, 0)},${load32(memory, 8192)}`)
  fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE)
}

function user() {
  tool('dbuf-memory')
  heap()
  udmabuf()
}

export default function () {
  insmod('dbuf_memory')
  wait(spawn(user))
}
