// Brings a checkout to where a command can run: packages, Node, Prisma client, build, browser. Says what it does on standard error.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { binDirectory, projectDirectory, runQuietly } from './child.mjs';

export { projectDirectory };

/** Something the person at the keyboard can mend; shown as one line. */
export class Problem extends Error {}

const oldestNode = [22, 19];

const inProject = (...parts) => path.join(projectDirectory, ...parts);

/** Installs the packages of package-lock.json when those in node_modules are missing or others. */
export async function installPackages({ dev }) {
  if (!packagesFault(dev)) return;
  await oneAtATime(async () => {
    const fault = packagesFault(dev);
    if (!fault) return;
    say(`installing the packages of package-lock.json with npm ci, because ${fault}`);
    const outcome = await npm(['ci', '--include=dev', '--include=optional', '--no-fund', '--no-audit', '--loglevel=error']);
    if (outcome.code === 0 && !packagesFault(dev)) return;
    if (outcome.output.trim()) console.error(outcome.output.trim());
    throw new Problem(`The packages could not be installed (npm ci ended with ${outcome.code}): look at npm's words above, check the connection to the npm registry and try again`);
  });
}

/** The Node that runs the app: the one npm installed, or else ours if it is new enough. */
export async function projectNode() {
  const installed = path.join(binDirectory, 'node');
  if (existsSync(installed)) return installed;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return process.execPath;
  throw new Problem(`Node ${oldestNode.join('.')} or newer is needed and this is ${process.version}; npm has none for ${process.platform}-${process.arch}, so install it from https://nodejs.org`);
}

/** Generates the Prisma client when it is missing or of another schema. */
export async function prismaClient(node) {
  if (clientMatches()) return;
  await oneAtATime(async () => {
    if (clientMatches()) return;
    say('generating the Prisma client');
    const { code, output } = await runQuietly(node, [inProject('node_modules', 'prisma', 'build', 'index.js'), 'generate'], { CHECKPOINT_DISABLE: '1' });
    if (code === 0) return;
    console.error(output.trim());
    throw new Problem('The Prisma client could not be generated: the words of Prisma are above');
  });
}

/** Builds the admin (Remix, Vite) into build/ when that is missing or older than its sources; resolves with an exit code. */
export async function build(node, { always }) {
  const stamp = inProject('build', '.sources');
  const fresh = () => existsSync(stamp) && existsSync(inProject('build', 'server', 'index.js')) && readFileSync(stamp, 'utf8') === sourcesDigest();
  if (!always && fresh()) return 0;
  return oneAtATime(async () => {
    if (!always && fresh()) return 0;
    const remix = inProject('node_modules', '@remix-run', 'dev', 'dist', 'cli.js');
    if (!existsSync(remix)) throw new Problem('The build in build/ is missing or older than its sources and the packages to make it are not installed: run "npm run build"');
    say('building the admin');
    const digest = sourcesDigest();
    const { code, output } = await runQuietly(node, [remix, 'vite:build'], { NODE_ENV: 'production' });
    if (code !== 0) {
      console.error(output.trim());
      throw new Problem('The build failed: the words of Vite are above');
    }
    writeFileSync(stamp, digest);
    return 0;
  });
}

/** Path of a Chromium for the browser tests, installed through Debian's package manager when missing. */
export async function chromium() {
  const found = () => [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file && existsSync(file));
  if (found()) return found();
  if (!existsSync('/usr/bin/apt-get')) throw new Problem('The browser tests need Chromium: install it and set CHROMIUM_PATH to its program');
  if (process.getuid?.() !== 0) throw new Problem('The browser tests need Chromium: run "sudo apt-get install chromium"');
  say('installing Chromium (apt-get install chromium)');
  await runQuietly('apt-get', ['update'], { DEBIAN_FRONTEND: 'noninteractive' });
  const { output } = await runQuietly('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { DEBIAN_FRONTEND: 'noninteractive' });
  if (found()) return found();
  throw new Problem(`Chromium could not be installed (${output.trim().split('\n').at(-1)}): install it and set CHROMIUM_PATH to its program`);
}

function say(message) {
  console.error(`rechannel: ${message}`);
}

/** What is wrong with node_modules, or undefined. Optional packages may be missing: npm leaves out what this machine cannot use. */
function packagesFault(dev) {
  const installedFile = inProject('node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'node_modules is missing or incomplete';
  const wanted = JSON.parse(readFileSync(inProject('package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  for (const [name, { version, integrity, optional, dev: forDev, devOptional }] of Object.entries(wanted)) {
    const there = installed[name];
    if (there && (there.version !== version || there.integrity !== integrity)) return `${name} is ${there.version}, not ${version}`;
    if (name && !there && !optional && !devOptional && (dev || !forDev)) return `${name} is missing`;
  }
  return undefined;
}

function clientMatches() {
  const generated = inProject('node_modules', '.prisma', 'client', 'schema.prisma');
  if (!existsSync(generated)) return false;
  // Prisma keeps a copy of the schema beside the client, with its own spacing.
  const words = (file) => readFileSync(file, 'utf8').replace(/\s+/g, ' ').trim();
  return words(generated) === words(inProject('prisma', 'schema.prisma'));
}

function sourcesDigest() {
  const digest = createHash('sha256');
  const add = (file) => digest.update(`${path.relative(projectDirectory, file)}\0`).update(readFileSync(file));
  for (const file of ['package-lock.json', 'vite.config.ts', 'tsconfig.json']) add(inProject(file));
  for (const directory of ['app', 'public']) {
    if (!existsSync(inProject(directory))) continue;
    for (const entry of readdirSync(inProject(directory), { recursive: true, withFileTypes: true }).sort((a, b) => (key(a) < key(b) ? -1 : 1))) {
      if (entry.isFile() && !/\.test\.tsx?$/.test(entry.name)) add(key(entry));
    }
  }
  return digest.digest('hex');
}

function key(entry) {
  return path.join(entry.parentPath ?? entry.path, entry.name);
}

/** npm on the Node that runs npm: the one in node_modules goes away while npm works. */
function npm(args) {
  const { npm_execpath: script, npm_node_execpath: node = process.execPath } = process.env;
  const environment = { PATH: process.env.PATH };
  return script && existsSync(script) && !node.startsWith(binDirectory) ? runQuietly(node, [script, ...args], environment) : runQuietly('npm', args, environment);
}

/** Of several commands started at once in one checkout one prepares, the others wait for it. */
async function oneAtATime(work) {
  const lock = inProject('.cache', 'preparing');
  mkdirSync(path.dirname(lock), { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!alive(lock)) rmSync(lock, { force: true });
      else if (!told) say('waiting for another command that is preparing this checkout');
      told = true;
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 100));
    }
  }
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function alive(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Just made and not yet written counts as alive.
    return pid === 0 || process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
