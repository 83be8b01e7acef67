export * from './api'
export * from './connection'
export * from './lab'
export * from './run'
