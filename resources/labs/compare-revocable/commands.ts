/** Calls that programs can make. */
export const EDU_IDENT = 1
export const EDU_FACTORIAL = 2
export const EDU_COPY = 3
/** Starts a copy of the device's buffer to memory and does not wait for it. */
export const EDU_START_COPY = 4
/** Makes the device raise an interrupt. */
export const EDU_RAISE = 5
