import vue from '@vitejs/plugin-vue'
import { resolve } from 'node:path'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [vue()],
  worker: { format: 'es' },
  build: {
    outDir: process.env.HARNESS_OUT ?? resolve(import.meta.dirname, '../../../../out/trace-harness'),
    emptyOutDir: true,
    minify: false,
    target: 'es2023',
  },
})
