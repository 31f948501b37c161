// Behind every npm script: prepares what the command needs, then runs it. Plain JavaScript that runs on Node 20 with nothing installed.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build, installPackages, Problem, projectDirectory, projectNode, prismaClient } from './prepare.mjs';
import { runChild } from './child.mjs';
import { runTests } from './test.mjs';

/**
 * What each command runs: `file` on the project's Node, or `tool` from node_modules/.bin. `built` needs the Remix build,
 * `dev` the packages for development too, `production` is the environment unless NODE_ENV says otherwise.
 */
const commands = {
  demo: { file: 'demo/main.ts', built: true, dev: true },
  start: { file: 'processes/start.ts', built: true, production: true },
  web: { file: 'processes/web.ts', built: true, production: true },
  worker: { file: 'processes/worker.ts', production: true },
  cli: { file: 'processes/cli.ts' },
  sandbox: { file: 'sandbox/main.ts', dev: true },
  bench: { file: 'bench/main.ts', dev: true },
  chaos: { file: 'chaos/main.ts', dev: true },
  'db:migration': { file: 'scripts/migration.ts', dev: true },
};

async function main([command = '', ...args]) {
  const wanted = commands[command];
  const test = command === 'test' || command.startsWith('test:');
  if (!wanted && !test && command !== 'build' && command !== 'dev') {
    throw new Problem(`There is no command "${command}": ${[...Object.keys(commands), 'build', 'dev', 'test'].join(', ')}`);
  }
  await installPackages({ dev: test || command === 'build' || (wanted?.dev ?? false) });
  const node = await projectNode();
  await prismaClient(node);

  if (test) return runTests(node, command.slice('test:'.length), args);
  if (command === 'build') return build(node, { always: true });
  if (command === 'dev') return develop(args);

  if (wanted.built) await build(node, { always: false });
  if (!existsSync(path.join(projectDirectory, wanted.file))) throw new Problem(`${wanted.file} is missing from this checkout`);
  const environment = wanted.production ? { NODE_ENV: process.env.NODE_ENV || 'production' } : {};
  return runChild(node, ['--disable-warning=ExperimentalWarning', wanted.file, ...args], environment);
}

async function develop(args) {
  try {
    return await runChild('shopify', ['app', 'dev', ...args]);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Problem('The Shopify CLI is not installed: run "npm install -g @shopify/cli@latest", or start it without installing through "npx @shopify/cli@latest app dev"');
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(`rechannel: ${error.message}`);
  process.exitCode = 1;
}
