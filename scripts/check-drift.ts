// Fails when prisma/schema.prisma and the migrations describe different tables: `npm run test:drift`.
import { runPrisma } from './prisma.ts';

const { code, output } = await runPrisma(['migrate', 'diff', '--from-migrations', 'prisma/migrations', '--to-schema-datamodel', 'prisma/schema.prisma', '--exit-code']);

if (code === 0) {
  console.log('The migrations make exactly what prisma/schema.prisma describes.');
} else {
  console.error(output.trim());
  console.error(code === 2
    ? 'prisma/schema.prisma is ahead of the migrations: write the next one with "npm run db:migration -- what_it_does".'
    : 'The check itself failed.');
  process.exitCode = 1;
}
