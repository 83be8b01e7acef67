/** Commands that the node of the card understands. */
export const RADEON_SUBMIT = 1
export const RADEON_BUSY = 2
export const RADEON_STATUS = 3
export const RADEON_WAIT = 4
