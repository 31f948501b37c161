-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "shop" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "isOnline" BOOLEAN NOT NULL DEFAULT false,
    "scope" TEXT,
    "expires" TIMESTAMP(3),
    "accessToken" TEXT NOT NULL,
    "userId" BIGINT,
    "firstName" TEXT,
    "lastName" TEXT,
    "email" TEXT,
    "accountOwner" BOOLEAN NOT NULL DEFAULT false,
    "locale" TEXT,
    "collaborator" BOOLEAN DEFAULT false,
    "emailVerified" BOOLEAN DEFAULT false,
    "refreshToken" TEXT,
    "refreshTokenExpires" TIMESTAMP(3),

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Shop" (
    "id" BIGSERIAL NOT NULL,
    "domain" TEXT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "installedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "uninstalledAt" TIMESTAMPTZ(3),
    "name" TEXT,
    "timezone" TEXT NOT NULL DEFAULT 'UTC',
    "domains" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "portalMode" TEXT NOT NULL DEFAULT 'token',
    "portalLabel" JSONB NOT NULL DEFAULT '{}',
    "adminMarks" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "Shop_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Connection" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "connectionKey" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "statusReason" TEXT,
    "apiTokenSealed" BYTEA,
    "apiTokenLast4" TEXT,
    "clientSecretSealed" BYTEA,
    "clientSecretLast4" TEXT,
    "previousApiTokenSealed" BYTEA,
    "previousClientSecretSealed" BYTEA,
    "previousSecretUntil" TIMESTAMPTZ(3),
    "storefrontTokenSealed" BYTEA,
    "scopes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "tokenName" TEXT,
    "storeName" TEXT,
    "merchantPortalBaseUrl" TEXT,
    "customerPortalBaseUrl" TEXT,
    "storeTimezone" TEXT,
    "signedWithV1Since" TIMESTAMPTZ(3),
    "webhooksWanted" INTEGER NOT NULL DEFAULT 0,
    "webhooksPresent" INTEGER NOT NULL DEFAULT 0,
    "webhooksCheckedAt" TIMESTAMPTZ(3),
    "webhooksReport" JSONB,
    "refusedCount" INTEGER NOT NULL DEFAULT 0,
    "refusedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Connection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Destination" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "name" TEXT NOT NULL DEFAULT '',
    "settings" JSONB NOT NULL,
    "secretsSealed" BYTEA,
    "secretsLast4" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'active',
    "statusReason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "checkedAt" TIMESTAMPTZ(3),
    "checkOk" BOOLEAN,
    "checkMessage" TEXT,
    "failuresInRow" INTEGER NOT NULL DEFAULT 0,
    "refusalsInRow" INTEGER NOT NULL DEFAULT 0,
    "firstFailureAt" TIMESTAMPTZ(3),
    "lastSuccessAt" TIMESTAMPTZ(3),
    "openUntil" TIMESTAMPTZ(3),
    "probes" INTEGER NOT NULL DEFAULT 0,
    "recoveredAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Destination_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "InboundWebhook" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "connectionId" BIGINT NOT NULL,
    "digest" BYTEA NOT NULL,
    "topic" TEXT NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "scheme" TEXT NOT NULL,
    "bodySealed" BYTEA NOT NULL,
    "bodyBytes" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'received',
    "reason" TEXT,
    "processedAt" TIMESTAMPTZ(3),
    "duplicates" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "InboundWebhook_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "IntakeLease" (
    "connectionId" BIGINT NOT NULL,
    "leasedUntil" TIMESTAMPTZ(3),
    "leaseToken" TEXT,

    CONSTRAINT "IntakeLease_pkey" PRIMARY KEY ("connectionId")
);

-- CreateTable
CREATE TABLE "CustomerState" (
    "shopId" BIGINT NOT NULL,
    "rechargeCustomerId" TEXT NOT NULL,
    "email" TEXT,
    "shopifyCustomerId" TEXT,
    "sourceUpdatedAt" TIMESTAMPTZ(3),
    "subscriptionsComplete" BOOLEAN NOT NULL DEFAULT false,
    "subscriptionsStateAt" TIMESTAMPTZ(3),

    CONSTRAINT "CustomerState_pkey" PRIMARY KEY ("shopId","rechargeCustomerId")
);

-- CreateTable
CREATE TABLE "SubscriptionState" (
    "shopId" BIGINT NOT NULL,
    "rechargeSubscriptionId" TEXT NOT NULL,
    "rechargeCustomerId" TEXT,
    "status" TEXT NOT NULL,
    "sourceUpdatedAt" TIMESTAMPTZ(3),
    "facts" JSONB NOT NULL,

    CONSTRAINT "SubscriptionState_pkey" PRIMARY KEY ("shopId","rechargeSubscriptionId")
);

-- CreateTable
CREATE TABLE "Event" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "rechargeCustomerId" TEXT,
    "objectId" TEXT NOT NULL,
    "occurredAt" TIMESTAMPTZ(3) NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "origin" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "contentDigest" BYTEA NOT NULL,
    "inboundWebhookId" BIGINT,

    CONSTRAINT "Event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Lane" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "destinationId" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "readyAt" TIMESTAMPTZ(3),
    "leasedUntil" TIMESTAMPTZ(3),
    "leaseToken" TEXT,

    CONSTRAINT "Lane_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Delivery" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "eventId" BIGINT NOT NULL,
    "destinationId" BIGINT NOT NULL,
    "laneId" BIGINT NOT NULL,
    "acceptance" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "dueAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "attemptCount" INTEGER NOT NULL DEFAULT 0,
    "commandsSealed" BYTEA,
    "replays" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settledAt" TIMESTAMPTZ(3),

    CONSTRAINT "Delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Attempt" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "deliveryId" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "durationMs" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "code" TEXT,
    "status" INTEGER,
    "vendorAnswer" TEXT,
    "requestedBy" TEXT NOT NULL DEFAULT 'engine',

    CONSTRAINT "Attempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Budget" (
    "key" TEXT NOT NULL,
    "tokens" DOUBLE PRECISION NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,
    "blockedUntil" TIMESTAMPTZ(3),

    CONSTRAINT "Budget_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "SettingChange" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,

    CONSTRAINT "SettingChange_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ScheduledRun" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "job" TEXT NOT NULL,
    "slot" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),
    "report" JSONB,

    CONSTRAINT "ScheduledRun_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ShopifyWebhook" (
    "eventId" TEXT NOT NULL,
    "shopDomain" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),
    "report" JSONB,

    CONSTRAINT "ShopifyWebhook_pkey" PRIMARY KEY ("eventId")
);

-- CreateTable
CREATE TABLE "PortalVisit" (
    "id" BIGSERIAL NOT NULL,
    "shopId" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "customerHash" TEXT,
    "entryPoint" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,

    CONSTRAINT "PortalVisit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Session_shop_idx" ON "Session"("shop");

-- CreateIndex
CREATE UNIQUE INDEX "Shop_domain_key" ON "Shop"("domain");

-- CreateIndex
CREATE UNIQUE INDEX "Connection_shopId_key" ON "Connection"("shopId");

-- CreateIndex
CREATE UNIQUE INDEX "Connection_connectionKey_key" ON "Connection"("connectionKey");

-- CreateIndex
CREATE UNIQUE INDEX "Destination_shopId_type_name_key" ON "Destination"("shopId", "type", "name");

-- CreateIndex
CREATE INDEX "InboundWebhook_shopId_receivedAt_idx" ON "InboundWebhook"("shopId", "receivedAt");

-- CreateIndex
CREATE INDEX "InboundWebhook_receivedAt_idx" ON "InboundWebhook"("receivedAt");

-- CreateIndex
CREATE INDEX "InboundWebhook_received" ON "InboundWebhook"("connectionId", "id") WHERE "state" = 'received';

-- CreateIndex
CREATE UNIQUE INDEX "InboundWebhook_connectionId_digest_key" ON "InboundWebhook"("connectionId", "digest");

-- CreateIndex
CREATE INDEX "CustomerState_shopId_email_idx" ON "CustomerState"("shopId", "email");

-- CreateIndex
CREATE INDEX "CustomerState_shopId_shopifyCustomerId_idx" ON "CustomerState"("shopId", "shopifyCustomerId");

-- CreateIndex
CREATE INDEX "SubscriptionState_shopId_rechargeCustomerId_idx" ON "SubscriptionState"("shopId", "rechargeCustomerId");

-- CreateIndex
CREATE INDEX "Event_shopId_id_idx" ON "Event"("shopId", "id");

-- CreateIndex
CREATE INDEX "Event_shopId_rechargeCustomerId_id_idx" ON "Event"("shopId", "rechargeCustomerId", "id");

-- CreateIndex
CREATE INDEX "Event_shopId_type_objectId_id_idx" ON "Event"("shopId", "type", "objectId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Event_shopId_key_key" ON "Event"("shopId", "key");

-- CreateIndex
CREATE INDEX "Lane_destinationId_readyAt_idx" ON "Lane"("destinationId", "readyAt");

-- CreateIndex
CREATE UNIQUE INDEX "Lane_destinationId_key_key" ON "Lane"("destinationId", "key");

-- CreateIndex
CREATE INDEX "Delivery_shopId_id_idx" ON "Delivery"("shopId", "id");

-- CreateIndex
CREATE INDEX "Delivery_shopId_state_id_idx" ON "Delivery"("shopId", "state", "id");

-- CreateIndex
CREATE INDEX "Delivery_destinationId_id_idx" ON "Delivery"("destinationId", "id");

-- CreateIndex
CREATE INDEX "Delivery_pending_in_lane" ON "Delivery"("laneId", "id") WHERE "state" = 'pending';

-- CreateIndex
CREATE UNIQUE INDEX "Delivery_eventId_destinationId_key" ON "Delivery"("eventId", "destinationId");

-- CreateIndex
CREATE UNIQUE INDEX "Attempt_deliveryId_number_key" ON "Attempt"("deliveryId", "number");

-- CreateIndex
CREATE INDEX "SettingChange_shopId_id_idx" ON "SettingChange"("shopId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ScheduledRun_shopId_job_slot_key" ON "ScheduledRun"("shopId", "job", "slot");

-- CreateIndex
CREATE INDEX "PortalVisit_shopId_at_idx" ON "PortalVisit"("shopId", "at");

-- AddForeignKey
ALTER TABLE "Connection" ADD CONSTRAINT "Connection_shopId_fkey" FOREIGN KEY ("shopId") REFERENCES "Shop"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Destination" ADD CONSTRAINT "Destination_shopId_fkey" FOREIGN KEY ("shopId") REFERENCES "Shop"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delivery" ADD CONSTRAINT "Delivery_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "Event"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Attempt" ADD CONSTRAINT "Attempt_deliveryId_fkey" FOREIGN KEY ("deliveryId") REFERENCES "Delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;
