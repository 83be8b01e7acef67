import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { close, ioctl, open, O_RDWR, poll, POLLIN } from 'user/libc'
import { SYNC_IOC_FILE_INFO } from 'user/sync_file'

const SUBMIT = 1

/** A job is submitted and waited for; then the queue is closed, and its fence looked at once more. */
function user() {
  const queue = open('/dev/gpu', O_RDWR)
  const sync = ioctl(queue, SUBMIT, 0)
  if (sync >= 0) {
    poll([{ fd: sync, events: POLLIN, revents: 0 }], 1, 100)
    close(queue)
    ioctl(sync, SYNC_IOC_FILE_INFO, { name: '', status: 0, flags: 0, num_fences: 1, pad: 0, sync_fence_info: [] })
    close(sync)
  } else close(queue)
}

export default function () {
  insmod('gpu')
  wait(spawn(user))
  run_until_quiet()
  rmmod('gpu')
}
