import { dma_fence, dma_fence_put, dma_fence_signal } from 'linux/dma-fence'
import { fd_install, get_unused_fd_flags } from 'linux/file'
import { O_CLOEXEC, type file, type file_operations } from 'linux/fs'
import { kref_read } from 'linux/kref'
import { misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { sync_file_create, sync_file_get_fence } from 'linux/sync_file'
import { KLAB, KLAB_PROBE } from './klab'
import { kf_new } from './klab_fence'

let x: dma_fence

function io(f: file, cmd: number, arg: unknown) {
  if (cmd === 101) {
    x = kf_new('f', 5, 1)
    const s = sync_file_create(x)
    KLAB('create', 'ok=%d fence_refs=%u', !!s, kref_read(x.refcount))
    const fd = get_unused_fd_flags(O_CLOEXEC)
    fd_install(fd, s!.file!)
    KLAB('get_fence', 'same=%d bad_fd_null=%d stdin_null=%d', sync_file_get_fence(fd) === x, sync_file_get_fence(900) === null, sync_file_get_fence(0) === null)
    dma_fence_put(x)
    return 0
  }
  dma_fence_signal(x)
  KLAB('signal', 'fence_refs=%u', kref_read(x.refcount))
  dma_fence_put(x)
  return 0
}
const fo: file_operations = { unlocked_ioctl: io }
const md = new miscdevice()
function probe() {
  md.minor = MISC_DYNAMIC_MINOR
  md.name = 'klabdev'
  md.fops = fo
  KLAB('misc', 'register=%d', misc_register(md))
}
KLAB_PROBE('sync-file', probe)
