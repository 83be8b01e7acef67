import { module_exit, module_init } from 'linux/module'
import { pr_info } from 'linux/printk'

function hello_init() {
  pr_info('hello\n')
  return 0
}

function hello_exit() {
  pr_info('goodbye\n')
}

module_init(hello_init)
module_exit(hello_exit)
