import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** What `npm run dev` leaves to a running service. */
const served = ['/style.json', '/tiles', '/locate', '/towns', '/collections'];
const service = process.env.TOWNGRID_URL ?? 'http://127.0.0.1:8080';

const compressible = /\.(?:js|mjs|css|html|svg|json)$/;

/**
 * Writes a gzip and a Brotli form beside every text file of the build, so that the
 * server sends stored bytes and never compresses the same file twice.
 */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const [name, part] of Object.entries(bundle)) {
          if (!compressible.test(name)) continue;
          const source = Buffer.from(part.type === 'chunk' ? part.code : part.source);
          this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: gzipSync(source, { level: 9 }) });
          this.emitFile({ type: 'asset', fileName: `${name}.br`, source: brotli(source) });
        }
      },
    },
  };
}

function brotli(source: Buffer): Buffer {
  return brotliCompressSync(source, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: source.length },
  });
}

export default defineConfig({
  // Relative addresses keep the application working under any path prefix of a proxy.
  base: './',
  build: {
    target: 'es2022',
    // The page's content security policy has no place for scripts and pictures within the text.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MapLibre alone is about 1 MB before compression.
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: 'es' },
  server: { proxy: Object.fromEntries(served.map((path) => [path, service])) },
  plugins: [precompress()],
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
