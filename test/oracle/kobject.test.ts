import { kref_read } from '../../src-sim/linux/kref'
import * as k from '../../src-sim/linux/kobject'
import { sim } from '../sim/harness'
import { moduleProbe, type Klab } from './device-harness'

const loud = (klab: Klab): k.kobj_type => ({
  release: (kobj) => klab('release', 'name=%s', kobj.name ?? 'none'),
})

moduleProbe('kobj-add-errors', {
  *init(klab) {
    const kt = loud(klab)
    const [a, b, c, d, e] = Array.from({ length: 5 }, () => new k.kobject()) as [
      k.kobject,
      k.kobject,
      k.kobject,
      k.kobject,
      k.kobject,
    ]
    klab('add', 'first=%d', yield* sim(k.kobject_init_and_add(a, kt, null, 'klab_dup')))
    klab('add', 'duplicate=%d', yield* sim(k.kobject_init_and_add(b, kt, null, 'klab_dup')))
    klab('state', 'dup_refs=%u in_sysfs=%d', kref_read(b.kref), b.state_in_sysfs)
    yield* sim(k.kobject_put(b))
    k.kobject_init(c, kt)
    klab('add', 'empty_name=%d', yield* sim(k.kobject_add(c, null, '%s', '')))
    yield* sim(k.kobject_put(c))
    klab('add', 'not_initialised=%d', yield* sim(k.kobject_add(d, null, 'klab_d')))
    klab('add', 'no_release=%d', yield* sim(k.kobject_init_and_add(e, {}, null, 'klab_e')))
    yield* sim(k.kobject_put(e))
    yield* sim(k.kobject_put(a))
  },
})

moduleProbe('kobj-parent-child', {
  *init(klab) {
    const kt = loud(klab)
    const p = new k.kobject()
    const c = new k.kobject()
    klab('add', 'parent=%d', yield* sim(k.kobject_init_and_add(p, kt, null, 'klab_parent')))
    klab('add', 'child=%d', yield* sim(k.kobject_init_and_add(c, kt, p, 'klab_child')))
    klab('refs', 'parent=%u child=%u', kref_read(p.kref), kref_read(c.kref))
    yield* sim(k.kobject_put(p))
    klab('put', 'parent_refs=%u parent_in_sysfs=%d', kref_read(p.kref), p.state_in_sysfs)
    yield* sim(k.kobject_del(c))
    klab(
      'del',
      'child_refs=%u parent_refs=%u child_parent_null=%d',
      kref_read(c.kref),
      kref_read(p.kref),
      c.parent === null,
    )
    yield* sim(k.kobject_put(c))
    klab('end', 'done=1')
  },
})
