/** Buffers made of memfds, for programs: `user/udmabuf`. */
export * from '../udmabuf'
