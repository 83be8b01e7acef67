export { default } from './TimelinePanel.vue'
export { default as TimelinePanel } from './TimelinePanel.vue'
