/** Another way to the 64-bit part of `linux/atomic`. */
export * from './atomic/base64'
export * from './atomic/orders64'
