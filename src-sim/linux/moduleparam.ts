/** Parameters of a module: `linux/moduleparam`. */
export {
  module_param, module_param_cb, MODULE_PARM_DESC, type kernel_param_ops,
} from './module'
export {
  core_param, module_param_array, module_param_array_named, module_param_named,
  module_param_named_unsafe, module_param_string, module_param_unsafe,
} from './module/more'
