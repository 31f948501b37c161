/** The same webhook again and again, and forged ones among honest ones. */
import { Agent } from 'node:http';
import { pool } from '#app/db.server.ts';
import type { SeededRandom } from '#sandbox/kit.ts';
import { commonFigures, pause, underLoad, type Scenario } from '../scenario.ts';
import type { SendingShop } from '../sender.ts';
import { post, signatureHeaders, webhookBody } from '../webhook.ts';

const stage = { shops: 2, webs: 2, workers: 1, retryDelays: '0.2,0.5,1' };
const copiesOfEach = 20;

export const replay: Scenario = {
  name: 'replay',
  about: `each acknowledged webhook comes ${copiesOfEach} times more, all at once, at two web processes`,
  promises: 'P02 P17',
  defaults: { rate: 25, seconds: 20, kills: 0 },
  stage,
  async run(stage, options) {
    const judged = await underLoad(stage, options, () => pause(options.seconds * 1000), { copies: copiesOfEach });
    const copies = stage.history.entries.flatMap((entry) => (entry.kind === 'copied' ? [entry.status] : []));
    return [
      ...commonFigures(judged),
      { promise: 'P02', asked: `0 extra deliveries for ${copies.length} copies`, reached: String(judged.verdict.duplicates), ok: judged.verdict.duplicates === 0 },
      { promise: 'P17', asked: 'every copy is answered 200', reached: `${copies.filter((status) => status === 200).length} of ${copies.length}`, ok: copies.every((status) => status === 200) },
    ];
  },
};

export const forged: Scenario = {
  name: 'forged',
  about: 'forged signatures beside honest load: bits, lengths, other secrets, encodings, doubled and missing headers, old stamps',
  promises: 'P16',
  defaults: { rate: 10, seconds: 20, kills: 10_000 },
  stage,
  async run(stage, options) {
    const answers: Record<string, number> = {};
    const judged = await underLoad(stage, options, async (random) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 16 });
      let left = options.kills;
      const one = async () => {
        while (left-- > 0) {
          const { path, body, headers } = forgery(random, stage.shops);
          const { status, why } = await post(agent, stage.front.port, path, body, headers);
          answers[String(status ?? why)] = (answers[String(status ?? why)] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: 16 }, one));
      agent.destroy();
    });
    const kept = await pool().query<{ count: number }>(`select count(*)::int as count from "InboundWebhook"`);
    const count = kept.rows[0]?.count ?? -1;
    return [
      ...commonFigures(judged),
      { promise: 'P16', asked: `${options.kills} forged, ${options.kills} x 401`, reached: JSON.stringify(answers), ok: answers['401'] === options.kills },
      { promise: 'P16', asked: 'only honest ones are kept', reached: `${count} kept, ${judged.verdict.acknowledged} honest`, ok: count === judged.verdict.acknowledged },
    ];
  },
};

/** Never a valid one: each change is to something that the signature covers, or to the signature. */
function forgery(random: SeededRandom, shops: readonly SendingShop[]): { path: string; body: string; headers: Record<string, string | string[]> } {
  const [shop, other] = shops as [SendingShop, SendingShop];
  const body = webhookBody('subscription/created', String(900_000_000 + random.below(90_000_000)), '1', 'forged');
  const path = `/webhooks/recharge/${shop.connectionKey}/subscription/created`;
  const honest = signatureHeaders(shop.secret, body);
  const name = 'x-recharge-webhook-signature';
  const value = honest[name] as string;
  const at = value.length - 1 - random.below(64);
  const flipped = `${value.slice(0, at)}${((Number.parseInt(value[at] as string, 16) + 1 + random.below(15)) % 16).toString(16)}${value.slice(at + 1)}`;
  const hex = value.slice(value.indexOf('v1=') + 3);
  const forgeries: (() => Record<string, string | string[]>)[] = [
    () => ({ ...honest, [name]: flipped }),
    () => ({ ...honest, [name]: value.slice(0, -1 - random.below(60)) }),
    () => signatureHeaders(other.secret, body),
    () => ({ ...honest, [name]: value.replace(hex, Buffer.from(hex, 'hex').toString('base64')) }),
    () => ({ ...honest, [name]: [value, value] }),
    () => ({ ...honest, [name]: '' }),
    () => ({ 'content-type': 'application/json' }),
    () => ({ ...honest, [name]: value.replace('v1=', 'v0=') }),
    () => signatureHeaders(shop.secret, body, Math.floor(Date.now() / 1000) - 172_900),
    () => signatureHeaders(shop.secret, body, Math.floor(Date.now() / 1000) + 172_900),
    () => ({ ...honest, [name]: `t=${'9'.repeat(4_000)},v1=${hex}` }),
    () => ({ ...signatureHeaders(shop.secret, `${body} `) }),
  ];
  return { path, body, headers: random.pick(forgeries)() };
}
