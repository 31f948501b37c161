/** The short form of `npm run chaos` for every build: real processes, kill -9, the whole history judged. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Verdict } from '../../../chaos/checker.ts';
import type { Figure } from '../../../chaos/scenario.ts';

const main = path.resolve(import.meta.dirname, '../../../chaos/main.ts');

function chaos(...words: string[]): Promise<{ verdict: Verdict; figures: Figure[] }> {
  return new Promise((resolve, reject) => {
    // Vitest's own settings (NODE_ENV, its database) are not the run's.
    const environment: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'development' };
    delete environment.DATABASE_URL;
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words, '--json'], { env: environment, timeout: 170_000 }, (error, out, problems) => {
      // Exit code 1 says that a figure was not reached; the assertions below say which.
      try {
        resolve(JSON.parse(out) as { verdict: Verdict; figures: Figure[] });
      } catch {
        reject(new Error(`chaos gave no result: ${problems || String(error)}`));
      }
    });
  });
}

test('P01 P02 P03 kill -9 of web and worker processes under load: 0 lost, 0 unexpected, 0 inverted', { timeout: 180_000 }, async () => {
  const { verdict, figures } = await chaos('--scenario', 'kill', '--seconds', '10', '--rate', '20', '--kills', '4', '--seed', 'ci');

  expect(verdict.acknowledged).toBe(200);
  expect(verdict).toMatchObject({ lost: [], unexpected: [], inverted: [], altered: [] });
  expect(figures.filter(({ ok }) => !ok)).toEqual([]);
});
