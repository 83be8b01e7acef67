import { kill, SIGKILL } from 'user/libc'
import {
  madvise, MADV_DONTFORK, MADV_NOHUGEPAGE, MAP_ANONYMOUS, MAP_FAILED, MAP_FIXED, MAP_PRIVATE,
  mmap, mprotect, mremap, MREMAP_FIXED, MREMAP_MAYMOVE, munmap, PROT_NONE, PROT_READ, PROT_WRITE,
  memset, store8,
} from 'user/mman'
import { _exit, exec, fork, pause, waitpid } from 'user/unistd'

/** What the helper program does with a window of eight pages. */
const pg = 4096
const WINDOW = 0x10000000
const MOVED = 0x20000000
let p = 0

type Say = (text: string, who?: string) => void

/** The address of the window, 0 before it is mapped. */
export const window_at = () => p

function map(say: Say) {
  const prot = PROT_READ | PROT_WRITE
  p = mmap(WINDOW, 8 * pg, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
  madvise(p, 8 * pg, MADV_NOHUGEPAGE)
  say(`map ok=${p !== MAP_FAILED ? 1 : 0}`)
}

function move(say: Say) {
  const q = mremap(p, 8 * pg, 8 * pg, MREMAP_MAYMOVE | MREMAP_FIXED, MOVED)
  say(`mremap moved=${q === MOVED ? 1 : 0}`)
  if (q !== MAP_FAILED) p = q
}

function fork_and_wait(say: Say) {
  say('fork call=1')
  const c = fork(function child() {
    say('started=1', 'child')
    _exit(0)
  })
  waitpid(c)
  say('fork child_reaped=1')
}

function fork_and_write(say: Say) {
  say('fork call=1')
  const c = fork(function child() {
    pause()
    _exit(0)
  })
  say('parent_write call=1')
  store8(p, 0, 3)
  say('parent_write done=1')
  kill(c, SIGKILL)
  waitpid(c)
  say('fork child_reaped=1')
}

function protect(say: Say, name: string, prot: number) {
  say(`mprotect_${name} ret=${mprotect(p, 8 * pg, prot)}`)
}

/** Does one of the operations on memory; false when it is none of them. */
export function memory_op(o: string, say: Say, again: (text: string) => void): boolean {
  if (o === 'map') map(say)
  else if (o === 'touch') {
    memset(p, 1, 8 * pg)
    say('touch pages=8')
  } else if (o === 'touch0') {
    store8(p, 0, 2)
    say('touch pages=1')
  } else if (o === 'munmap') say(`munmap ret=${munmap(p, 8 * pg)}`)
  else if (o === 'munmap2') say(`munmap_mid ret=${munmap(p + 2 * pg, 2 * pg)}`)
  else if (o === 'munmap67') say(`munmap_tail ret=${munmap(p + 6 * pg, 2 * pg)}`)
  else if (o === 'protro') protect(say, 'ro', PROT_READ)
  else if (o === 'protrw') protect(say, 'rw', PROT_READ | PROT_WRITE)
  else if (o === 'protnone') protect(say, 'none', PROT_NONE)
  else if (o === 'dontfork') say(`madvise_dontfork ret=${madvise(p, 8 * pg, MADV_DONTFORK)}`)
  else if (o === 'mremap') move(say)
  else if (o === 'fork') fork_and_wait(say)
  else if (o === 'forkwrite') fork_and_write(say)
  else if (o === 'exec') {
    say('exec call=1')
    exec(again, 'after_exec=1')
  } else if (o === 'exit') {
    say('exit call=1')
    _exit(0)
  } else return false
  return true
}
