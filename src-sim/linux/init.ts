/** How modules begin and end: `linux/init`. */
export { module_exit, module_init } from './module'
export {
  arch_initcall, core_initcall, device_initcall, early_initcall, fs_initcall, late_initcall,
  late_initcall_sync, postcore_initcall, rootfs_initcall, subsys_initcall,
} from './module/more'
