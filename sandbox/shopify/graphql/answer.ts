// Answers a GraphQL request from plain data: what is asked for and exists is given, anything else is a clear error.
import type { SimRequest, SimResponse } from '../../kit.ts';
import type { GraphqlDocument, Selection } from './selection.ts';
import { parseGraphql } from './selection.ts';

/** A function is given the text of the field's arguments and the request's variables. */
export type Data = { [field: string]: unknown };

export function answerGraphql(request: SimRequest, query: Data, mutations: Data): SimResponse {
  let body: { query?: unknown; variables?: unknown; operationName?: unknown };
  try {
    body = (request.json() ?? {}) as typeof body;
  } catch {
    return { status: 400, body: { errors: { query: 'Required parameter missing or invalid' } } };
  }
  if (typeof body.query !== 'string') return { status: 400, body: { errors: { query: 'Required parameter missing or invalid' } } };
  const variables = typeof body.variables === 'object' && body.variables !== null ? (body.variables as Data) : {};
  try {
    const document = parseGraphql(body.query);
    const operation = document.operations.find((each) => typeof body.operationName !== 'string' || each.name === body.operationName);
    if (!operation) throw new Error('No operation with this name');
    const [root, label] = operation.type === 'mutation' ? [mutations, 'Mutation'] : [query, 'QueryRoot'];
    const data = project(root, operation.selections, { document, variables, label });
    return { status: 200, body: { data, extensions: { cost: { requestedQueryCost: 3, actualQueryCost: 3, throttleStatus: { maximumAvailable: 2000, currentlyAvailable: 1997, restoreRate: 100 } } } } };
  } catch (error) {
    return { status: 200, body: { errors: [{ message: error instanceof Error ? error.message : String(error), locations: [{ line: 1, column: 1 }] }] } };
  }
}

export const throttledAnswer: SimResponse = { status: 200, body: { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' } }] } };

interface Context {
  document: GraphqlDocument;
  variables: Data;
  /** The type's name in error texts; below the root it is made from the field's name. */
  label: string;
}

function project(data: Data, selections: Selection[], context: Context): Data {
  const answer: Data = {};
  for (const selection of selections) {
    switch (selection.kind) {
      case 'inline':
        Object.assign(answer, project(data, selection.selections, context));
        break;
      case 'spread': {
        const fragment = context.document.fragments.get(selection.fragment);
        if (!fragment) throw new Error(`Fragment ${selection.fragment} was used, but not defined`);
        Object.assign(answer, project(data, fragment, context));
        break;
      }
      case 'field': {
        const { name, alias, args } = selection;
        if (name === '__typename') {
          answer[alias] = context.label;
          break;
        }
        if (!Object.hasOwn(data, name)) throw new Error(`Field '${name}' doesn't exist on type '${context.label}' (or this simulator does not know it: sandbox/shopify/graphql/shop-data.ts)`);
        const known = data[name];
        const value: unknown = typeof known === 'function' ? (known as (args: string, variables: Data) => unknown)(args, context.variables) : known;
        answer[alias] = select(value, selection.selections, { ...context, label: name.charAt(0).toUpperCase() + name.slice(1) });
      }
    }
  }
  return answer;
}

function select(value: unknown, selections: Selection[] | null, context: Context): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => select(each, selections, context));
  if (typeof value !== 'object' || value === null) {
    if (selections && value !== null) throw new Error(`Selections can't be made on scalars (${context.label})`);
    return value;
  }
  if (!selections) throw new Error(`Field must have selections (${context.label})`);
  return project(value as Data, selections, context);
}
