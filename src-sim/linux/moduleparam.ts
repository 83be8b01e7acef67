/** Parameters of a module: `linux/moduleparam`. */
export {
  module_param, module_param_cb, MODULE_PARM_DESC, type kernel_param_ops,
} from './module'
