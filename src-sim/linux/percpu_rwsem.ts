/** Another spelling of `linux/percpu-rwsem`. */
export * from './percpu-rwsem'
