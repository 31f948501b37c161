/**
 * What a process counts, in Prometheus form. A part of the app makes its own measures with `counter`, `gauge` and
 * `histogram` here; asking twice for one name gives the same measure, also from the built server's copy of a module.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const key = Symbol.for('rechannel.metrics');
const shared = globalThis as typeof globalThis & { [key]?: Registry };

/** The one registry of this process. Names start with `rechannel_`; labels never hold a person or a secret. */
export function metrics(): Registry {
  return (shared[key] ??= newRegistry());
}

/** A number that only grows. `name` ends in `_total`. */
export function counter<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
  return (metrics().getSingleMetric(name) as Counter<Label> | undefined) ?? new Counter({ name, help, labelNames, registers: [metrics()] });
}

/** A number that goes up and down; `collect` sets it each time the metrics are read. */
export function gauge<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = [], collect?: (this: Gauge<Label>) => void | Promise<void>): Gauge<Label> {
  return (metrics().getSingleMetric(name) as Gauge<Label> | undefined) ?? new Gauge({ name, help, labelNames, collect, registers: [metrics()] });
}

/** How values are spread; seconds for durations. */
export function histogram<Label extends string = never>(name: string, help: string, buckets: number[], labelNames: readonly Label[] = []): Histogram<Label> {
  return (metrics().getSingleMetric(name) as Histogram<Label> | undefined) ?? new Histogram({ name, help, buckets, labelNames, registers: [metrics()] });
}

function newRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'rechannel_' });
  return registry;
}
