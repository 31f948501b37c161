/** Serves the demo's first page and carries out what is pressed on it. */
import { startSimulator, type SimResponse, type Simulator } from '#sandbox/kit.ts';
import { acts, demoPage, type DemoAct, type DemoLinks, type Happened } from './page.ts';
import { shop, type Simulators } from './simulators.ts';

const outageSeconds = 20;

export function startFront(simulators: Simulators, links: DemoLinks, port: number): Promise<Simulator> {
  const happened: Happened[] = [];
  return startSimulator({
    name: 'demo',
    port,
    async handle(request): Promise<SimResponse> {
      const act = acts.find((each) => request.path === `/do/${each.act}`);
      if (request.method === 'POST' && act) {
        happened.unshift({ at: new Date(), label: act.label, outcome: await perform(simulators, act.act) });
        happened.length = Math.min(happened.length, 8);
        return { status: 303, headers: { location: '/' } };
      }
      if (request.path !== '/') return { status: 404, body: 'Not here. The demo is at /' };
      return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, body: demoPage(links, happened) };
    },
  });
}

async function perform({ recharge, bloomreach }: Simulators, act: DemoAct): Promise<string> {
  try {
    switch (act) {
      case 'bloomreach-down': {
        const rule = bloomreach.faults.add({ match: { path: '^/track' }, times: -1, fault: { kind: 'status', status: 503, body: 'Service Unavailable' } });
        setTimeout(() => bloomreach.faults.remove(rule.id), outageSeconds * 1000).unref();
        return 'deliveries wait and arrive afterwards, in order';
      }
      case 'delete-webhooks':
        recharge.store(shop).webhooks.ids().forEach((id) => recharge.store(shop).webhooks.delete(id));
        return 'the next webhook check registers them again';
      case 'create-subscription':
        await recharge.do(act, { shop, ...anasId(recharge) });
        return 'done';
      default:
        await recharge.do(act, { shop });
        return 'done';
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function anasId(recharge: Simulators['recharge']): { customerId?: number } {
  const ana = [...recharge.store(shop).customers.all()].find((row) => row.external_customer_id === '6001');
  return ana ? { customerId: ana.id } : {};
}
