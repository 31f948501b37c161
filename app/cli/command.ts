/** What a CLI command is: its words for commander and what it does. */
import type { Command } from 'commander';
import type { Printed } from './output.ts';

export type CliCommand = {
  /** As typed, `delivery <id>`. */
  usage: string;
  summary: string;
  /** Adds options. */
  options?(command: Command): void;
  /** True when standard output holds JSON with or without `--json`. */
  alwaysJson?: boolean;
  run(words: string[], options: Record<string, string | boolean | undefined>): Promise<Printed>;
};

/** The text of an option that was given. */
export function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export const shopOption = ['--shop <shop>', 'the shop, such as acme-usa.myshopify.com'] as const;
export const limitOption = ['--limit <n>', 'rows at most', '50'] as const;
export const cursorOption = ['--cursor <id>', 'continue after the page before: its "next"'] as const;
