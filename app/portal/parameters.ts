/**
 * Which names a query of the portal route may hold, and which of their values choose something.
 *
 * Shopify signs the sorted `name=value` texts joined without a separator, so a signed text can be cut apart in several
 * ways. With the rules below exactly one cut is left (signature.ts states why; signature.test.ts searches for another).
 */

/** Names that Shopify adds; each must stand exactly once. */
export const reservedNames = ['logged_in_customer_id', 'path_prefix', 'shop', 'signature', 'timestamp'] as const;

/** The proxy's path in the shop; the app's own, so a constant. */
export const pathPrefix = '/apps/rechannel';

/** Where the shop shows the portal link's target: the address without anything added. */
export const portalPath = `${pathPrefix}/portal`;

/**
 * Names that honest traffic adds to a link. They change nothing, but `page` and `locale`. To add one, only put it here:
 * the test next door refuses a name that would let a signed text be cut in another way (`id` and `p` are such names).
 */
export const harmlessNames: readonly string[] = [
  'page', 'locale',
  // Campaigns and click ids that advertisers and mail senders append.
  'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'utm_id', 'utm_source_platform', 'utm_creative_format', 'utm_marketing_tactic',
  'gclid', 'gclsrc', 'gbraid', 'wbraid', 'gad_source', 'gad_campaignid', 'dclid', 'srsltid', 'fbclid', 'msclkid', 'ttclid', 'twclid', 'yclid', 'igshid', 'igsh',
  'epik', 'li_fat_id', 'ScCid', 'rdt_cid', 'mc_cid', 'mc_eid', '_kx', '_ke', '_hsenc', '_hsmi', 'vero_id', 'trk_contact', 'trk_msg', 'omnisendContactID',
  '_ga', '_gl',
  // Shopify's own: theme previews, search, markets, the theme editor.
  'preview_theme_id', 'preview_key', '_ab', '_fd', '_sc', '_bt', 'pb', 'key', 'oseid', 'view', 'section_id', 'sections', 'country', 'currency', 'spb', 'shpxid',
  '_pos', '_ss', '_sid', '_psq', '_fid', '_v', 'ref', 'source',
];

/** Pages of Recharge's hosted portal that a link may name. Source: type of `page_destination` in Recharge's SDK. */
export const portalPages = ['subscriptions', 'delivery_schedule', 'orders', 'shipping', 'payment_methods', 'overview'] as const;
export type PortalPage = (typeof portalPages)[number];

/** The page a value names; anything else is null, which leaves the choice to Recharge. */
export function portalPageOf(value: string | undefined): PortalPage | null {
  if (value === 'payment_method') return 'payment_methods';
  return portalPages.find((page) => page === value) ?? null;
}

/** Languages of storefronts that we pass on; Recharge falls back to the store's own for one it lacks. */
export const portalLocales = [
  'bg', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'fi', 'fr', 'he', 'hr', 'hu', 'id', 'it', 'ja', 'ko', 'lt', 'lv', 'nb', 'nl', 'no', 'pl',
  'pt', 'pt-BR', 'pt-PT', 'ro', 'sk', 'sl', 'sv', 'th', 'tr', 'uk', 'vi', 'zh-CN', 'zh-TW',
] as const;
export type PortalLocale = (typeof portalLocales)[number];

/** The language a value names, by itself or by its first part (`de-AT` is `de`); anything else is null. */
export function portalLocaleOf(value: string | undefined): PortalLocale | null {
  if (value === undefined) return null;
  const exact = portalLocales.find((locale) => locale.toLowerCase() === value.toLowerCase());
  return exact ?? portalLocales.find((locale) => locale === value.split('-')[0]?.toLowerCase()) ?? null;
}
