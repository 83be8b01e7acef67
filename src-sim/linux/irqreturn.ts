/** What an interrupt handler answers: `linux/irqreturn`. */
export { IRQ_HANDLED, IRQ_NONE, IRQ_RETVAL, IRQ_WAKE_THREAD, type irqreturn_t } from './interrupt'
