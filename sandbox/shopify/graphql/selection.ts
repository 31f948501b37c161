// Reads a GraphQL document as far as a simulator needs it: which fields are asked for, under which names.

export interface Field {
  kind: 'field';
  name: string;
  /** The key in the answer. */
  alias: string;
  /** Text between the parentheses. */
  args: string;
  selections: Selection[] | null;
}

export type Selection = Field | { kind: 'spread'; fragment: string } | { kind: 'inline'; selections: Selection[] };

export interface Operation {
  type: 'query' | 'mutation' | 'subscription';
  name: string | null;
  selections: Selection[];
}

export interface GraphqlDocument {
  operations: Operation[];
  fragments: Map<string, Selection[]>;
}

const tokenPattern = /#[^\n\r]*|"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n])*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[!$&()[\]{}:=@|]|[\s,\ufeff]+|(.)/gy;

/** Throws an Error whose message is fit for a GraphQL error. */
export function parseGraphql(text: string): GraphqlDocument {
  const tokens = tokenise(text);
  let at = 0;
  const peek = (): string | undefined => tokens[at];
  const take = (expected?: string): string => {
    const token = tokens[at];
    if (token === undefined || (expected !== undefined && token !== expected)) throw new Error(`syntax error, unexpected ${token ?? 'end of file'}${expected === undefined ? '' : `, expecting ${expected}`}`);
    at += 1;
    return token;
  };
  const skipBalanced = (open: string, close: string): string => {
    const parts: string[] = [];
    take(open);
    for (let depth = 1; depth > 0; ) {
      const token = take();
      if (token === open) depth += 1;
      if (token === close) depth -= 1;
      if (depth > 0) parts.push(token);
    }
    return parts.join(' ');
  };
  const skipDirectives = (): void => {
    while (peek() === '@') {
      take('@');
      take();
      if (peek() === '(') skipBalanced('(', ')');
    }
  };
  const selectionSet = (): Selection[] => {
    const selections: Selection[] = [];
    take('{');
    while (peek() !== '}') selections.push(selection());
    take('}');
    if (selections.length === 0) throw new Error('syntax error, empty selection');
    return selections;
  };
  const selection = (): Selection => {
    if (peek() !== '...') return field();
    take('...');
    if (peek() !== 'on' && peek() !== '{' && peek() !== '@') {
      const fragment = take();
      skipDirectives();
      return { kind: 'spread', fragment };
    }
    if (peek() === 'on') at += 2;
    skipDirectives();
    return { kind: 'inline', selections: selectionSet() };
  };
  const field = (): Field => {
    const first = take();
    let name = first;
    if (peek() === ':') {
      take(':');
      name = take();
    }
    const args = peek() === '(' ? skipBalanced('(', ')') : '';
    skipDirectives();
    return { kind: 'field', name, alias: first, args, selections: peek() === '{' ? selectionSet() : null };
  };

  const document: GraphqlDocument = { operations: [], fragments: new Map() };
  while (at < tokens.length) {
    const word = peek();
    if (word === '{') {
      document.operations.push({ type: 'query', name: null, selections: selectionSet() });
    } else if (word === 'fragment') {
      take();
      const name = take();
      take('on');
      take();
      skipDirectives();
      document.fragments.set(name, selectionSet());
    } else if (word === 'query' || word === 'mutation' || word === 'subscription') {
      take();
      const name = peek() === '{' || peek() === '(' || peek() === '@' ? null : take();
      if (peek() === '(') skipBalanced('(', ')');
      skipDirectives();
      document.operations.push({ type: word, name, selections: selectionSet() });
    } else throw new Error(`syntax error, unexpected ${String(word)}`);
  }
  return document;
}

function tokenise(text: string): string[] {
  const tokens: string[] = [];
  for (const match of text.matchAll(tokenPattern)) {
    const [token, odd] = match;
    if (odd !== undefined) throw new Error(`syntax error, unexpected ${odd}`);
    if (!/^[\s,#\ufeff]/.test(token)) tokens.push(token);
  }
  return tokens;
}
