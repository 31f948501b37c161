/** Bloomreach Engagement as a destination. */
import { definePlugin } from '../contract.ts';
import { connectBloomreach } from './client.server.ts';
import { bloomreachManifest } from './manifest.ts';
import { accepts, map, needs } from './mapping.ts';

export const bloomreach = definePlugin({ manifest: bloomreachManifest, accepts, needs, map, connect: connectBloomreach });
