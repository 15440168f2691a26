import { defineConfig } from 'vite';

/** The web page: src/preview/page is built into dist/preview/page, from where the daemon serves it. */
export default defineConfig({
  root: 'src/preview/page',
  base: './',
  build: {
    outDir: '../../../dist/preview/page',
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy allows no inline anything, so nothing may be folded into a data address.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
