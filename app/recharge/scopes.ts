/** Which Recharge permissions each feature needs, and where a merchant gives them. */

export const features = ['portal', 'bloomreach', 'kustomer', 'ometria', 'webhook', 'store'] as const;
export type Feature = (typeof features)[number];

/** Each need is met by any one of its scopes: live tokens report `store_info` where the reference says `read_store`. */
const needs: Record<Feature, readonly (readonly [string, ...string[]])[]> = {
  portal: [['read_customers'], ['write_session']],
  bloomreach: [['read_subscriptions'], ['read_customers']],
  kustomer: [['read_subscriptions'], ['read_customers']],
  ometria: [['read_subscriptions'], ['read_customers']],
  webhook: [['read_subscriptions'], ['read_customers']],
  store: [['store_info', 'read_store']],
};

export type MissingScope = { scope: string; feature: Feature };

/** The permissions that the wanted features lack, each with the feature that needs it; in the order of `wanted`. */
export function missingScopes(granted: readonly string[], wanted: readonly Feature[]): MissingScope[] {
  return wanted.flatMap((feature) =>
    needs[feature].filter((anyOf) => !anyOf.some((scope) => granted.includes(scope))).map((anyOf) => ({ scope: anyOf[0], feature })),
  );
}

/**
 * Where a merchant finds Recharge's API tokens. Recharge has moved the page, and other vendors' guides give its older places,
 * so all are named. Source: contract of Recharge 1.2; acceptance KU-14, BR-11.
 */
export const tokenPaths = [
  'Tools & apps > API tokens',
  'Apps > API tokens > Create an API Token',
  'Integrations > Enabled integrations > API tokens',
] as const;
