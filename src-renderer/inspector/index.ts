export { default } from './InspectorPanel.vue'
export { default as InspectorPanel } from './InspectorPanel.vue'
