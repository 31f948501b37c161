// Runs a simulator alone from a shell until Ctrl-C, and says how to poke it.

export interface RunningSimulator {
  name: string;
  url: string;
  close(): Promise<void>;
}

/** Starts, prints the URL and the examples (`$URL` stands for the URL), and closes on SIGINT or SIGTERM. */
export async function runFromShell(start: () => Promise<RunningSimulator>, examples: readonly string[]): Promise<void> {
  const simulator = await start();
  const lines = [
    `${simulator.name} simulator: ${simulator.url}`,
    '',
    'Poke it:',
    ...[
      ...examples,
      'curl $URL/_sim/requests',
      'curl $URL/_sim/switches',
      `curl -X POST $URL/_sim/faults -d '{"match":{"path":"."},"times":3,"fault":{"kind":"status","status":503}}'`,
      'curl -X POST $URL/_sim/reset',
    ].map((line) => `  ${line.replaceAll('$URL', simulator.url)}`),
    '',
    'Ctrl-C ends it.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const stop = (): void => {
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
