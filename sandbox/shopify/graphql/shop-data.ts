// What the Admin API knows about a simulated shop.
import type { ShopifySetup, ShopifyShop } from '../options.ts';
import { handleOf, nameOf } from '../options.ts';
import type { Data } from './answer.ts';

/** Our extension's block in a theme file is named by its uid; any value serves here. */
const blockType = (setup: ShopifySetup, block: string): string => `shopify://apps/${setup.appHandle}/blocks/${block}/5d0c1f0e-7a53-4d4e-9e0b-8f5b6a1f2c77`;

/** Root fields of a query. `storefrontUrl` is where the shop's own domain leads. */
export function shopData(shop: ShopifyShop, setup: ShopifySetup, scopes: string[], storefrontUrl: string): Data {
  const { host } = new URL(storefrontUrl);
  const domains = [
    { id: 'gid://shopify/Domain/1', host, url: storefrontUrl, sslEnabled: storefrontUrl.startsWith('https:') },
    { id: 'gid://shopify/Domain/2', host: shop.domain, url: `https://${shop.domain}`, sslEnabled: true },
  ];
  const { customerAccountsVersion } = setup.switches;
  const customers = (shop.customers ?? []).map((customer) => ({
    id: `gid://shopify/Customer/${customer.id}`,
    legacyResourceId: String(customer.id),
    firstName: customer.firstName,
    lastName: customer.lastName,
    displayName: `${customer.firstName} ${customer.lastName}`,
    email: customer.email,
    defaultEmailAddress: { emailAddress: customer.email },
  }));
  return {
    shop: {
      id: 'gid://shopify/Shop/954889',
      name: nameOf(shop),
      email: shop.contactEmail ?? `owner@${handleOf(shop)}.example`,
      contactEmail: shop.contactEmail ?? `owner@${handleOf(shop)}.example`,
      myshopifyDomain: shop.domain,
      url: storefrontUrl,
      primaryDomain: domains[0],
      domains,
      domainsPaginated: connection(domains),
      ianaTimezone: shop.ianaTimezone ?? 'America/New_York',
      timezoneAbbreviation: 'EST',
      timezoneOffsetMinutes: -300,
      currencyCode: shop.currency ?? 'USD',
      plan: { displayName: 'Development', publicDisplayName: 'Development', partnerDevelopment: true, shopifyPlus: false },
      customerAccounts: 'OPTIONAL',
      customerAccountsV2: {
        customerAccountsVersion,
        loginLinksVisibleOnStorefrontAndCheckout: true,
        loginRequiredAtCheckout: false,
        url: customerAccountsVersion === 'CLASSIC' ? `${storefrontUrl}/account` : `https://shopify.com/954889/account`,
      },
    },
    currentAppInstallation: {
      id: 'gid://shopify/AppInstallation/1',
      launchUrl: `https://admin.shopify.com/store/${handleOf(shop)}/apps/${setup.appHandle}`,
      accessScopes: scopes.map((handle) => ({ handle, description: handle.replaceAll('_', ' ') })),
      app: { id: 'gid://shopify/App/1', handle: setup.appHandle, title: 'Rechannel', apiKey: setup.apiKey },
    },
    shopLocales: [
      { locale: 'en', name: 'English', primary: true, published: true },
      { locale: 'de', name: 'German', primary: false, published: true },
    ],
    themes: connection([theme(setup)]),
    theme: theme(setup),
    customers: connection(customers),
    customer: (args: string, variables: Data) => customers.find((each) => args.includes(each.id) || Object.values(variables).includes(each.id)) ?? null,
  };
}

function theme(setup: ShopifySetup): Data {
  const { themeBlock, themeEmbed } = setup.switches;
  const files = [
    {
      filename: 'config/settings_data.json',
      settings: { current: { blocks: { '1': { type: blockType(setup, 'manage_subscriptions_embed'), disabled: themeEmbed === 'off', settings: { pages: themeEmbed === 'off' ? 'account' : themeEmbed } } } } },
    },
    {
      filename: 'templates/customers/account.json',
      settings: {
        sections: { main: { type: 'main-account', settings: {}, blocks: themeBlock ? { block: { type: blockType(setup, 'manage_subscriptions'), settings: {} } } : {}, block_order: themeBlock ? ['block'] : [] } },
        order: ['main'],
      },
    },
  ].map(({ filename, settings }) => ({ filename, contentType: 'application/json', body: { content: JSON.stringify(settings) } }));
  const asked = (args: string, variables: Data): Data => {
    const wanted = `${args} ${JSON.stringify(variables)}`;
    const named = files.filter((file) => wanted.includes(file.filename) || wanted.includes(file.filename.replace(/[^/]+$/, '*')));
    return connection(wanted.includes('filenames') || named.length > 0 ? named : files);
  };
  return { id: 'gid://shopify/OnlineStoreTheme/1', name: 'Roastery', role: 'MAIN', processing: false, files: asked };
}

function connection(nodes: Data[]): Data {
  return {
    nodes,
    edges: nodes.map((node, index) => ({ cursor: String(index), node })),
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  };
}
