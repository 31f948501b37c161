// Runs the checks in their order, tells how each ended and how long it took, and counts: the last line is "N passed, N failed".
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runChild } from './child.mjs';
import { build, chromium, Problem, projectDirectory } from './prepare.mjs';

const inPackage = (...parts) => path.join(projectDirectory, 'node_modules', ...parts);

const stages = {
  types: (node) => counted(runChild(node, [inPackage('typescript', 'bin', 'tsc'), '--noEmit', '-p', '.'])),
  lint: (node) => counted(runChild(node, [inPackage('eslint', 'bin', 'eslint.js'), '--max-warnings=0', '.'])),
  drift: (node) => counted(runChild(node, ['--disable-warning=ExperimentalWarning', 'scripts/check-drift.ts'])),
  build: (node) => counted(build(node, { always: false })),
  unit: (node, args) => vitest(node, 'unit', args),
  integration: async (node, args) => {
    // Most of these need no build, and those that do say so.
    await build(node, { always: false }).catch(complain);
    return vitest(node, 'integration', args);
  },
  theme: (node, args) => vitest(node, 'theme', args),
  browser: async (node, args) => {
    const CHROMIUM_PATH = await chromium();
    await build(node, { always: false });
    return vitest(node, 'browser', args, { CHROMIUM_PATH });
  },
};

/** Runs every stage, or the one named; a stage that fails does not stop the others. Resolves with the exit code. */
export async function runTests(node, only, args) {
  if (only && !stages[only]) throw new Problem(`There is no "test:${only}": ${Object.keys(stages).join(', ')}`);
  const results = [];
  for (const [name, run] of Object.entries(stages).filter(([stage]) => !only || stage === only)) {
    console.log(`\n== ${name}`);
    const startedAt = Date.now();
    const { passed, failed } = await run(node, args).catch((error) => (complain(error), { passed: 0, failed: 1 }));
    results.push({ name, passed, failed, seconds: ((Date.now() - startedAt) / 1000).toFixed(1) });
  }
  console.log('');
  for (const { name, passed, failed, seconds } of results) {
    console.log(`${failed === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${seconds.padStart(7)} s`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0 ? 0 : 1;
}

function complain(error) {
  console.error(error instanceof Problem ? `rechannel: ${error.message}` : error);
}

async function counted(exitCode) {
  return (await exitCode) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function vitest(node, project, args, environment = {}) {
  const report = path.join(projectDirectory, '.cache', 'test-results', `${project}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const code = await runChild(node, [inPackage('vitest', 'vitest.mjs'), 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args], environment);
  let passed = 0;
  let failed = 0;
  for (const file of existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : []) {
    const count = (status) => file.assertionResults.filter((result) => result.status === status).length;
    passed += count('passed');
    // A file that cannot be loaded, or whose set-up fails, has no failed test of its own.
    failed += file.status === 'failed' ? Math.max(1, count('failed')) : count('failed');
  }
  // So does an error outside any test; and a project without tests has proved nothing.
  if ((code !== 0 || passed === 0) && failed === 0) failed = 1;
  return { passed, failed };
}
