import { insmod, spawn, wait } from 'klab/scenario'
import { DMA_BUF_IOCTL_EXPORT_SYNC_FILE, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, DMA_BUF_IOCTL_SYNC, DMA_BUF_SET_NAME, DMA_BUF_SYNC_END, DMA_BUF_SYNC_READ, DMA_BUF_SYNC_RW, DMA_BUF_SYNC_WRITE } from 'user/dma-buf'
import { close, errno, ioctl, open, O_RDWR, poll, POLLIN, POLLOUT, read } from 'user/libc'
import { MAP_FAILED, MAP_SHARED, mmap, PROT_READ } from 'user/mman'
import { delmod, say, tool } from './user'

const err = (r: number) => (r < 0 ? errno() : 0)

function ready(fd: number) {
  const fds = [{ fd, events: POLLIN | POLLOUT, revents: 0 }]
  poll(fds, 1, 0)
  return fds[0]!.revents
}

function user() {
  tool('dbuf-program')
  const dev = open('/dev/klabdev', O_RDWR)
  const fd = ioctl(dev, 1, 0)
  for (const flags of [DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE | DMA_BUF_SYNC_END, 0, 8])
    say(`sync flags=${flags} errno=${err(ioctl(fd, DMA_BUF_IOCTL_SYNC, { flags }))}`)
  say(`name ok=${err(ioctl(fd, DMA_BUF_SET_NAME, 'mine'))} long=${err(ioctl(fd, DMA_BUF_SET_NAME, 'x'.repeat(32)))}`)
  say(`unknown errno=${err(ioctl(fd, 77, 0))}`)
  say(`read errno=${err(read(fd, new Uint8Array(1), 1))}`)
  const map = mmap(null, 4096, PROT_READ, MAP_SHARED, fd, 0)
  say(`mmap failed=${map === MAP_FAILED ? 1 : 0} errno=${errno()}`)
  say(`poll idle=${ready(fd)}`)
  ioctl(dev, 2, 0)
  say(`poll writer=${ready(fd)}`)
  const out = { flags: DMA_BUF_SYNC_READ, fd: -1 }
  say(`export errno=${err(ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, out))}`)
  say(`import errno=${err(ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, { flags: DMA_BUF_SYNC_RW, fd: out.fd }))}`)
  say(`import bad=${err(ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, { flags: DMA_BUF_SYNC_RW, fd }))}`)
  ioctl(dev, 3, 0)
  say(`poll signaled=${ready(fd)}`)
  close(dev)
  delmod('dbuf_program')
  say(`close ret=${close(fd)}`)
  close(out.fd)
  delmod('dbuf_program')
}

export default function () {
  insmod('dbuf_program')
  wait(spawn(user))
}
