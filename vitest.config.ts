import { defineConfig } from 'vitest/config';

// Tests over real processes, sockets and a database meet busy machines. On CI such a test has a second go, which the report shows.
const retry = process.env.CI ? 1 : 0;

/** One project per kind of test: `npx vitest run --project unit`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['app/**/*.test.ts', 'app/**/*.test.tsx', 'sandbox/**/*.test.ts', 'tests/architecture.test.ts', 'bench/**/*.test.ts', 'chaos/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          globalSetup: ['tests/support/global-setup.ts'],
          setupFiles: ['tests/support/setup-database.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          retry,
        },
      },
      { test: { name: 'theme', include: ['tests/theme/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          retry,
        },
      },
    ],
  },
});
