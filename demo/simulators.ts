/** The other side of the demo: Shopify, Recharge and Bloomreach on loopback, with one shop that has shoppers and subscriptions. */
import { demoProject, startBloomreachSimulator, type BloomreachSimulator } from '#sandbox/bloomreach/server.ts';
import { startRechargeSimulator, type RechargeSimulator } from '#sandbox/recharge/simulator.ts';
import { demoShop, startShopifySimulator, type ShopifySimulator } from '#sandbox/shopify/server.ts';

export type Simulators = {
  shopify: ShopifySimulator;
  recharge: RechargeSimulator;
  bloomreach: BloomreachSimulator;
  close(): Promise<void>;
};

export type SimulatorPorts = { shopify: number; storefront: number; recharge: number; bloomreach: number };

export const shop = demoShop.domain;
export const rechargeToken = 'sk_demo_rechannel_0001';
export const rechargeSecret = 'demo_api_client_secret_0001';
/** A token that may read everything but orders, for trying what a missing permission looks like. */
export const tokenWithoutOrders = 'sk_demo_without_orders';
export const bloomreachProject = demoProject;

/** Starts all of them; `customers` fill the shop beside the three who can sign in. Port 0 lets the system choose. */
export async function startSimulators(ports: SimulatorPorts, customers: number): Promise<Simulators> {
  // The two know each other: the portal's page asks Recharge about the token, and Recharge's links lead to that page.
  const late: { recharge?: RechargeSimulator } = {};
  const shopify = await startShopifySimulator({
    port: ports.shopify,
    shops: [{ ...demoShop, storefrontPort: ports.storefront }],
    checkPortalVisit: (visit) => late.recharge?.checkPortalVisit(visit) ?? { ok: false, reason: 'Recharge is not up yet' },
  });
  const recharge = await startRechargeSimulator({
    port: ports.recharge,
    stores: [{
      shop,
      name: demoShop.name ?? shop,
      currency: 'EUR',
      customers,
      wishes: (demoShop.customers ?? []).map((shopper) => ({
        email: shopper.email, first_name: shopper.firstName, last_name: shopper.lastName, external_customer_id: String(shopper.id), subscriptions: shopper.id === 6003 ? 0 : 2,
      })),
      portalBaseUrl: `${shopify.storefrontUrl(shop)}/tools/recurring/portal`,
      tokens: [
        { token: rechargeToken, secret: rechargeSecret, name: 'Rechannel demo' },
        { token: tokenWithoutOrders, secret: rechargeSecret, name: 'Without orders', scopes: ['read_customers', 'read_subscriptions', 'store_info', 'write_session'] },
      ],
    }],
  });
  late.recharge = recharge;
  const bloomreach = await startBloomreachSimulator({ port: ports.bloomreach });
  return {
    shopify,
    recharge,
    bloomreach,
    async close() {
      await Promise.all([shopify.close(), recharge.close(), bloomreach.close()]);
    },
  };
}
