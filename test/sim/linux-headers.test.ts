import { expect, test } from 'vitest'
import { labApi } from '../../src-sim/linux'

/** Names that change under their readers cannot be read outside a machine. */
function meaning(module: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return module[name]
  } catch {
    return 'live'
  }
}

test('a name means the same in every header that has it', () => {
  const first = new Map<string, [string, unknown]>()
  const different: string[] = []
  for (const [header, module] of labApi) {
    if (!header.startsWith('linux/')) continue
    for (const name of Object.keys(module)) {
      const value = meaning(module, name)
      const known = first.get(name)
      if (known === undefined) first.set(name, [header, value])
      else if (known[1] !== value) different.push(`${name}: ${known[0]}, ${header}`)
    }
  }
  expect(different).toEqual([])
})

test.each([
  ['linux/module', ['module_init', 'pr_info', 'kzalloc', 'spin_lock', 'ENOMEM', 'schedule_work', 'container_of']],
  ['linux/kernel', ['container_of', 'pr_info', 'min_t', 'WARN_ON', 'kstrtoint', 'ALIGN', 'BIT', 'U32_MAX']],
  ['linux/device', ['kobject', 'mutex_lock', 'dev_info', 'IORESOURCE_MEM', 'GFP_KERNEL']],
  ['linux/interrupt', ['request_irq', 'tasklet_struct', 'hrtimer_start', 'cpumask_of', 'schedule_work', 'in_hardirq']],
  ['linux/pci', ['pci_driver', 'request_irq', 'device', 'iowrite32', 'EIO', 'kobject', 'atomic_inc']],
  ['linux/platform_device', ['platform_driver', 'dev_get_drvdata', 'resource']],
  ['linux/fs', ['register_chrdev', 'mutex_lock', 'wait_event', 'kmalloc']],
  ['linux/workqueue', ['queue_work', 'mod_timer', 'jiffies', 'synchronize_rcu', 'atomic_read']],
  ['linux/hrtimer', ['hrtimer_start', 'ktime_get', 'list_add', 'mod_timer']],
  ['linux/kthread', ['kthread_run', 'current', 'IS_ERR', 'wake_up_process']],
  ['linux/delay', ['msleep', 'jiffies', 'schedule_timeout']],
  ['linux/spinlock', ['spin_lock', 'preempt_disable', 'local_irq_save', 'lockdep_assert_held', 'read_lock']],
  ['linux/completion', ['completion', 'wait_event', 'spin_lock']],
  ['linux/slab', ['kfree', 'GFP_ATOMIC', 'kfree_rcu']],
])('%s brings along what its C header includes', (header, names) => {
  expect(names.filter((name) => !(name in labApi.get(header)!))).toEqual([])
})
