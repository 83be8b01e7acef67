/** What a fault handler answers: bits of `vm_fault_t`. */
export const FAULT = {
  OOM: 0x1,
  SIGBUS: 0x2,
  MAJOR: 0x4,
  HWPOISON: 0x10,
  SIGSEGV: 0x40,
  NOPAGE: 0x100,
  LOCKED: 0x200,
  RETRY: 0x400,
  FALLBACK: 0x800,
  DONE_COW: 0x1000,
  NEEDDSYNC: 0x2000,
  COMPLETED: 0x4000,
} as const
export const FAULT_ERROR = FAULT.OOM | FAULT.SIGBUS | FAULT.SIGSEGV | FAULT.HWPOISON

/** What it is told of the access. */
export const FAULT_FLAG = {
  WRITE: 0x1,
  MKWRITE: 0x2,
  ALLOW_RETRY: 0x4,
  RETRY_NOWAIT: 0x8,
  KILLABLE: 0x10,
  TRIED: 0x20,
  USER: 0x40,
  REMOTE: 0x80,
  INSTRUCTION: 0x100,
  INTERRUPTIBLE: 0x200,
  UNSHARE: 0x400,
} as const
