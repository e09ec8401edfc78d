import { defineConfig } from 'vitest/config';

// The service under test is started by whoever runs this; TOWNGRID_URL says where it listens.
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 90_000,
  },
});
