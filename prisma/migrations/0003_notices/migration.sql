-- CreateTable
CREATE TABLE "Notice" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT,
    "subject" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "openedAt" TIMESTAMPTZ(3) NOT NULL,
    "resolvedAt" TIMESTAMPTZ(3),
    "onceKey" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "sendDueAt" TIMESTAMPTZ(3),
    "sendTries" INTEGER NOT NULL DEFAULT 0,
    "sentTo" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "sentAt" TIMESTAMPTZ(3),

    CONSTRAINT "Notice_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Notice_onceKey_key" ON "Notice"("onceKey");

-- CreateIndex
CREATE INDEX "Notice_shopId_openedAt_idx" ON "Notice"("shopId", "openedAt");

-- CreateIndex
CREATE INDEX "Notice_subject_openedAt_idx" ON "Notice"("subject", "openedAt");

-- CreateIndex
CREATE INDEX "Notice_unsent" ON "Notice"("sendDueAt") WHERE "sendDueAt" is not null;
