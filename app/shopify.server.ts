/** Shopify authentication: managed installation, session tokens exchanged for expiring offline tokens, sealed at rest. */
import '@shopify/shopify-app-remix/adapters/node';
import { ApiVersion, AppDistribution, LogSeverity, shopifyApp } from '@shopify/shopify-app-remix/server';
import { env } from '#app/env.server.ts';
import { log } from '#app/log.server.ts';
import { welcomeShop } from '#app/shopify/install.server.ts';
import { SealedSessionStorage } from '#app/shopify/session-storage.server.ts';
import { routeShopifyCalls } from '#app/shopify/upstream.server.ts';

const settings = env();

export const sessionStorage = new SealedSessionStorage();

const shopify = shopifyApp({
  apiKey: settings.shopify.apiKey,
  apiSecretKey: settings.shopify.apiSecret,
  appUrl: settings.shopify.appUrl,
  scopes: settings.shopify.scopes,
  apiVersion: ApiVersion.October26,
  distribution: AppDistribution.AppStore,
  sessionStorage,
  future: { unstable_newEmbeddedAuthStrategy: true, expiringOfflineAccessTokens: true },
  // The package's debug level prints session tokens, so production never has it; the redactor stands under every level.
  logger: { level: severityOf(settings.logLevel), timestamps: false, log: writeLine },
  hooks: { afterAuth: ({ session, admin }) => welcomeShop(session.shop, (query) => admin.graphql(query)) },
});

routeShopifyCalls();

export const { authenticate, unauthenticated, addDocumentResponseHeaders, login } = shopify;

function severityOf(level: 'error' | 'warn' | 'info' | 'debug'): LogSeverity {
  switch (level) {
    case 'error':
      return LogSeverity.Error;
    case 'warn':
    case 'info':
      // "Authenticating admin request" for each click is noise at our info level.
      return LogSeverity.Warning;
    case 'debug':
      return settings.production ? LogSeverity.Warning : LogSeverity.Debug;
  }
}

async function writeLine(severity: LogSeverity, message: string): Promise<void> {
  if (severity === LogSeverity.Error) log.error(message);
  else if (severity === LogSeverity.Warning) log.warn(message);
  else log.debug(message);
}
