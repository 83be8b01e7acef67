export { module_exit, module_init } from './module'
