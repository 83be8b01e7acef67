export const VERSION: string = typeof __KLAB_VERSION__ === 'string' ? __KLAB_VERSION__ : '0.0.0'
