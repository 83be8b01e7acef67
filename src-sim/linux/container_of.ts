export { container_of } from './kernel'
