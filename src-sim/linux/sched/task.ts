/** References to tasks: `linux/sched/task`. */
export { get_task_struct, put_task_struct, task_struct } from '../sched'
