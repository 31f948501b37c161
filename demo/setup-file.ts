/** The demo's setup file, as an operator would write it; secrets come from the environment. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bloomreachProject, shop } from './simulators.ts';

/** Writes the file under `dataDir` and returns its path. */
export function writeSetupFile(dataDir: string): string {
  const file = path.join(dataDir, 'setup.json');
  const setup = {
    shop,
    recharge: { apiToken: { env: 'RECHARGE_TOKEN' }, clientSecret: { env: 'RECHARGE_SECRET' }, storefrontToken: null },
    destinations: [
      {
        type: 'bloomreach',
        settings: {
          apiBaseUrl: 'https://api.exponea.com',
          projectToken: bloomreachProject.token,
          apiKeyId: bloomreachProject.keys[0]?.id,
          apiSecret: { env: 'BLOOMREACH_SECRET' },
          customerId: 'email',
          importActiveProperty: true,
          extendedEvents: ['skipped', 'unskipped', 'failed', 'upcoming'],
        },
      },
    ],
    portal: { mode: 'token', label: { en: 'Manage Subscriptions', de: 'Abos verwalten' } },
  };
  writeFileSync(file, `${JSON.stringify(setup, null, 2)}\n`);
  return file;
}
