/** Which clock a device means: `linux/clkdev`. */
export { clk_hw_register_clkdev } from './clk-provider'
