import { alloc, begin, clear, end, event, free, hold, pin, set, unhold, unpin } from '../declare'

/** User space: system calls, files, character devices, mappings. */

export const sys_enter = event(
  'sys_enter', 'fs', 'A process enters the kernel.', ['name:str', 'file:obj', 'fd:i32', 'arg:addr'],
  [begin('syscall', '$name')],
)
export const sys_exit = event(
  'sys_exit', 'fs', 'A process leaves the kernel.', ['name:str', 'ret:i32'], [end('syscall')],
)
export const file_open = event(
  'file_open', 'fs', 'A file comes to life.', ['file:obj', 'path:str', 'cdev:obj'],
  [alloc('file'), set('file', 'open', '$path')],
)
export const file_release = event(
  'file_release', 'fs', 'The last user of a file is gone.', ['file:obj', 'cdev:obj'],
  [clear('file', 'open'), free('file')],
)
export const fd_install = event(
  'fd_install', 'fs', 'A process gets a file descriptor.', ['process:obj', 'fd:i32', 'file:obj'],
  [pin('process', 'file', 'file descriptor')],
)
export const fd_close = event(
  'fd_close', 'fs', 'A process closes a file descriptor.', ['process:obj', 'fd:i32', 'file:obj'],
  [unpin('process', 'file', 'file descriptor')],
)
export const cdev_add = event(
  'cdev_add', 'fs', 'A character device can be opened.',
  ['cdev:obj', 'name:str', 'dev:hex', 'owner:obj'],
  [set('cdev', 'registered'), hold('cdev', 'owner', 'file operations')],
)
export const cdev_del = event(
  'cdev_del', 'fs', 'A character device can no longer be opened.', ['cdev:obj', 'owner:obj'],
  [clear('cdev', 'registered'), unhold('cdev', 'owner', 'file operations')],
)
export const mmap = event(
  'mmap', 'fs', 'A process maps a file.',
  ['vma:obj', 'process:obj', 'file:obj', 'start:addr', 'size:u64 bytes'],
  [alloc('vma'), pin('vma', 'file', 'mapping'), hold('process', 'vma', 'mapping')],
)
export const munmap = event(
  'munmap', 'fs', 'A mapping of a process is gone.', ['vma:obj', 'process:obj', 'file:obj'],
  [unpin('vma', 'file', 'mapping'), unhold('process', 'vma', 'mapping'), free('vma')],
)
export const page_fault_user = event(
  'page_fault_user', 'fs', 'A process touches a page that is not there yet.',
  ['vma:obj', 'address:addr', 'write:bool', 'result:mapped|SIGBUS|SIGSEGV'],
)
