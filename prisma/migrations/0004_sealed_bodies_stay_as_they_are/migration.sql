-- By hand: Prisma has no word for storage. Sealed bytes do not compress, so PostgreSQL need not try.
ALTER TABLE "InboundWebhook" ALTER COLUMN "bodySealed" SET STORAGE EXTERNAL;
