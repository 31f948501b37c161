/** How full the file system under DATA_DIR is: the embedded database lives there. Looked at now and then, asked for at no cost. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { env } from './env.server.ts';

export type DiskUse = { /** 0 to 1, as df shows it. */ usedPart: number; freeBytes: number };

/**
 * OP-D1: told from four fifths on, webhooks refused (503, Recharge sends them again) from nine tenths on. A tenth of a large disk
 * is no danger yet, and a refused webhook counts towards losing the registration: with `enoughFreeBytes` left, none is refused.
 */
export const diskLimits = { tellFrom: 0.8, refuseFrom: 0.9, enoughFreeBytes: 10 * 1024 ** 3 };

/** `slack` lowers the limit for one that was over it already. */
export function isNearlyFull({ usedPart, freeBytes }: DiskUse, slack = 0): boolean {
  return usedPart >= diskLimits.refuseFrom - slack && freeBytes < diskLimits.enoughFreeBytes;
}

export type DiskWatch = {
  /** True when nothing more should be taken in. Answers from the last look and asks for a new one when that is five seconds old. */
  nearlyFull(): boolean;
  /** Looks now. Throws when the file system cannot be asked. */
  read(): Promise<DiskUse>;
};

type Stat = (directory: string) => Promise<{ blocks: number; bfree: number; bavail: number; bsize: number }>;

const lookEveryMs = 5_000;

export function createDiskWatch(directory: () => string = () => env().dataDir, stat: Stat = statfs, now: () => number = () => performance.now()): DiskWatch {
  let latest: DiskUse | undefined;
  let askedAt = -Infinity;

  async function read(): Promise<DiskUse> {
    const { blocks, bfree, bavail, bsize } = await stat(existingPart(directory()));
    const used = blocks - bfree;
    // What is reserved for root is neither used nor free to us.
    latest = { usedPart: used + bavail > 0 ? used / (used + bavail) : 0, freeBytes: bavail * bsize };
    return latest;
  }

  return {
    read,
    nearlyFull() {
      if (now() - askedAt >= lookEveryMs) {
        askedAt = now();
        // A file system that cannot be asked says nothing about its space; the last answer stands.
        read().catch(() => {});
      }
      return latest !== undefined && isNearlyFull(latest);
    },
  };
}

const watch = createDiskWatch();

/** True when the disk has so little room that webhooks must be refused before data is at risk. Cheap enough for each request. */
export const diskNearlyFull = (): boolean => watch.nearlyFull();

/** How full the disk is now. */
export const readDisk = (): Promise<DiskUse> => watch.read();

/** DATA_DIR itself is made when something is first written to it. */
function existingPart(directory: string): string {
  for (let part = path.resolve(directory); ; part = path.dirname(part)) {
    if (existsSync(part) || part === path.dirname(part)) return part;
  }
}
