/** Small things the admin remembers for a shop. */
import { db } from '#app/db.server.ts';

export type Marks = { guideDismissed: boolean };

export async function readMarks(shopId: string): Promise<Marks> {
  const row = await db.shop.findUnique({ where: { id: BigInt(shopId) }, select: { adminMarks: true } });
  const marks = (row?.adminMarks ?? {}) as Record<string, unknown>;
  return { guideDismissed: marks.guideDismissed === true };
}

export async function markGuideDismissed(shopId: string): Promise<void> {
  await db.$executeRaw`update "Shop" set "adminMarks" = "adminMarks" || '{"guideDismissed": true}'::jsonb where id = ${BigInt(shopId)}`;
}
