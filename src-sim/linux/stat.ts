/** Permissions of files: `linux/stat`. */
export const S_IRUSR = 0o400
export const S_IWUSR = 0o200
export const S_IXUSR = 0o100
export const S_IRWXU = 0o700
export const S_IRGRP = 0o040
export const S_IWGRP = 0o020
export const S_IROTH = 0o004
export const S_IWOTH = 0o002
export const S_IRUGO = S_IRUSR | S_IRGRP | S_IROTH
export const S_IWUGO = S_IWUSR | S_IWGRP | S_IWOTH
