/** Entry of `npm run cli -- <command>`: opens the database (the embedded one is joined or started), runs one command, exits. */
import pino from 'pino';
import { runCli } from '#app/cli/program.server.ts';
import { openProcess } from './open.ts';

// Log lines of shared code belong beside the result, not into it.
(globalThis as Record<symbol, unknown>)[Symbol.for('rechannel.logger')] = pino({ level: 'warn', base: { process: 'cli' } }, pino.destination({ fd: 2, sync: true }));

const write = (stream: NodeJS.WriteStream, text: string) => new Promise<void>((resolve) => stream.write(text, () => resolve()));
const written: Promise<void>[] = [];

const exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void written.push(write(process.stdout, text)),
  err: (text) => void written.push(write(process.stderr, text)),
  async withDatabase(work) {
    const opened = await openProcess('cli');
    try {
      return await work();
    } finally {
      await opened.close();
    }
  },
});
// A pipe takes its time; open sockets to vendors should not keep a finished command alive.
await Promise.all(written);
process.exit(exitCode);
