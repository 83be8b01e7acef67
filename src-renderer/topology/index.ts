import { h } from 'vue'
export default { render: () => h('p') }
