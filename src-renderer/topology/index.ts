export { default } from './TopologyPanel.vue'
export { default as TopologyPanel } from './TopologyPanel.vue'
