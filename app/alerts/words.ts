/** What a notice says, in English and German: for mails, webhooks, the admin and the command line. */
import { findManifest } from '#app/destinations/manifests.ts';
import type { Notice } from './notice.ts';
import type { NoticeKind } from './thresholds.ts';

export type NoticeLanguage = 'en' | 'de';
export type NoticeWords = { /** One line: what happened to whom. */ title: string; /** What it means and what to do. */ text: string };

type Facts = { name: string; since: string; waiting: number; count: number; reason: string; topics: string; present: number; wanted: number; usedPercent: number; skewSeconds: number };
type Sentences = Record<NoticeKind, (facts: Facts) => NoticeWords>;

/** Times are UTC and say so. */
export function noticeWords(notice: Pick<Notice, 'kind' | 'subject' | 'destination' | 'since' | 'detail'>, language: NoticeLanguage): NoticeWords {
  const { waiting = 0, count = 0, reason = '', topics = [], present = 0, wanted = 0, usedPercent = 0, skewSeconds = 0 } = notice.detail;
  const since = `${notice.since.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const words = sentences[language][notice.kind]({ name: nameOf(notice, language), since, waiting, count, reason, topics: topics.join(', '), present, wanted, usedPercent, skewSeconds });
  return { title: words.title, text: words.text.replace(/ {2,}/g, ' ').trim() };
}

function nameOf({ subject, destination }: Pick<Notice, 'subject' | 'destination'>, language: NoticeLanguage): string {
  if (destination) return findManifest(destination)?.label ?? destination;
  if (subject === 'recharge') return 'Recharge';
  if (subject.startsWith('machine:')) return subject.slice('machine:'.length);
  return language === 'de' ? 'ein entferntes Ziel' : 'a removed destination';
}

const quoted = (reason: string, before: string) => (reason ? `${before}: ${/[.!?]$/.test(reason) ? reason : `${reason}.`}` : '');

const failingEnglish = (facts: Facts, duration: string): NoticeWords => ({
  title: `${facts.name} has not accepted anything for ${duration}`,
  text: `Nothing but failures since ${facts.since}. ${waitingEnglish(facts.waiting)} Nothing is lost: it is tried again every few minutes and sent in order once ${facts.name} answers. ${quoted(facts.reason, 'Last answer')}`,
});
const waitingEnglish = (waiting: number) => (waiting === 1 ? '1 event waits.' : `${waiting} events wait.`);

const failingGerman = (facts: Facts, duration: string): NoticeWords => ({
  title: `${facts.name} nimmt seit ${duration} nichts an`,
  text: `Seit ${facts.since} nur Fehlschläge. ${waitingGerman(facts.waiting)} Es geht nichts verloren: Alle paar Minuten wird es erneut versucht, und sobald ${facts.name} antwortet, wird alles der Reihe nach gesendet. ${quoted(facts.reason, 'Letzte Antwort')}`,
});
const waitingGerman = (waiting: number) => (waiting === 1 ? '1 Ereignis wartet.' : `${waiting} Ereignisse warten.`);

const sentences: Record<NoticeLanguage, Sentences> = {
  en: {
    failing_15_minutes: (facts) => failingEnglish(facts, '15 minutes'),
    failing_1_hour: (facts) => failingEnglish(facts, 'an hour'),
    failing_24_hours: (facts) => failingEnglish(facts, '24 hours'),
    failing_72_hours: (facts) => failingEnglish(facts, '72 hours'),
    paused: (facts) => ({
      title: `${facts.name} is paused after five days without one success`,
      text: `Nothing has been accepted since ${facts.since}, so no more is tried. ${waitingEnglish(facts.waiting)} All of it is kept. Once ${facts.name} works, resume it: everything is sent in order. ${quoted(facts.reason, 'Last answer')}`,
    }),
    key_refused: (facts) => ({
      title: `${facts.name} refuses its key`,
      text: `Deliveries are held; none is lost and none is used up. Enter a new key and everything that waits is sent in order. ${quoted(facts.reason, 'Its answer')}`,
    }),
    dead_letters: (facts) => ({
      title: facts.count === 1 ? `An event for ${facts.name} was given up` : `${facts.count} events for ${facts.name} were given up`,
      text: `Refused for good, or failed at every try. They are kept as dead with each answer; later events go on. Mend what the answer names, then replay them. ${quoted(facts.reason, 'Last answer')}`,
    }),
    recharge_refused: (facts) => ({
      title: 'Recharge refuses the API token',
      text: `Portal links, imports and webhook checks do not work until a new API token is entered. ${quoted(facts.reason, 'Its answer')}`,
    }),
    webhooks_missing: (facts) => ({
      title: `Recharge sends only ${facts.present} of ${facts.wanted} webhooks`,
      text: 'Registrations are missing at Recharge and could not be made again. It is tried at every check; what was missed meanwhile is read from Recharge afterwards.',
    }),
    webhooks_mended: (facts) => ({
      title: 'Missing webhook registrations were made again',
      text: `Missing were: ${facts.topics}. What happened meanwhile was read from Recharge: ${facts.count === 1 ? '1 event was' : `${facts.count} events were`} recovered.`,
    }),
    disk_filling: (facts) => ({ title: `The disk of ${facts.name} is ${facts.usedPercent} % full`, text: 'At 90 % with less than 10 GiB free, webhooks are refused until there is room. Make room or move DATA_DIR.' }),
    disk_full: (facts) => ({ title: `The disk of ${facts.name} is full: webhooks are refused`, text: `It is ${facts.usedPercent} % full. Recharge sends refused webhooks again for 48 hours, then deletes their registrations. Make room now.` }),
    clock_skew: (facts) => ({ title: `The clock of ${facts.name} is ${facts.skewSeconds} s off`, text: 'It differs from the database’s. From 60 s on this machine takes no traffic. Turn on time synchronisation (NTP).' }),
    recovered: (facts) => ({ title: `${facts.name} is well again`, text: `The trouble that began at ${facts.since} is over. ${facts.waiting > 0 ? `${waitingEnglish(facts.waiting)} All are sent in order.` : ''}` }),
  },
  de: {
    failing_15_minutes: (facts) => failingGerman(facts, '15 Minuten'),
    failing_1_hour: (facts) => failingGerman(facts, 'einer Stunde'),
    failing_24_hours: (facts) => failingGerman(facts, '24 Stunden'),
    failing_72_hours: (facts) => failingGerman(facts, '72 Stunden'),
    paused: (facts) => ({
      title: `${facts.name} ist nach fünf Tagen ohne einen Erfolg angehalten`,
      text: `Seit ${facts.since} wurde nichts angenommen, deshalb wird nichts mehr versucht. ${waitingGerman(facts.waiting)} Alles ist aufbewahrt. Sobald ${facts.name} wieder geht, dort fortsetzen: Alles wird der Reihe nach gesendet. ${quoted(facts.reason, 'Letzte Antwort')}`,
    }),
    key_refused: (facts) => ({
      title: `${facts.name} weist seinen Schlüssel zurück`,
      text: `Zustellungen werden festgehalten; keine geht verloren, kein Versuch wird verbraucht. Mit einem neuen Schlüssel wird alles Wartende der Reihe nach gesendet. ${quoted(facts.reason, 'Antwort')}`,
    }),
    dead_letters: (facts) => ({
      title: facts.count === 1 ? `Ein Ereignis für ${facts.name} wurde aufgegeben` : `${facts.count} Ereignisse für ${facts.name} wurden aufgegeben`,
      text: `Endgültig abgelehnt oder bei jedem Versuch gescheitert. Sie sind mit der jeweiligen Antwort aufbewahrt; spätere Ereignisse laufen weiter. Den genannten Grund beheben, dann erneut senden. ${quoted(facts.reason, 'Letzte Antwort')}`,
    }),
    recharge_refused: (facts) => ({
      title: 'Recharge weist das API-Token zurück',
      text: `Portal-Links, Importe und Webhook-Prüfungen gehen erst wieder mit einem neuen API-Token. ${quoted(facts.reason, 'Antwort')}`,
    }),
    webhooks_missing: (facts) => ({
      title: `Recharge sendet nur ${facts.present} von ${facts.wanted} Webhooks`,
      text: 'Bei Recharge fehlen Registrierungen, die sich nicht neu anlegen ließen. Jede Prüfung versucht es wieder; was inzwischen entging, wird danach bei Recharge nachgelesen.',
    }),
    webhooks_mended: (facts) => ({
      title: 'Fehlende Webhook-Registrierungen wurden neu angelegt',
      text: `Es fehlten: ${facts.topics}. Was inzwischen geschah, wurde bei Recharge nachgelesen: ${facts.count === 1 ? '1 Ereignis' : `${facts.count} Ereignisse`} nachgeholt.`,
    }),
    disk_filling: (facts) => ({ title: `Die Platte von ${facts.name} ist zu ${facts.usedPercent} % voll`, text: 'Bei 90 % mit weniger als 10 GiB frei werden Webhooks abgewiesen, bis Platz ist. Platz schaffen oder DATA_DIR verlegen.' }),
    disk_full: (facts) => ({ title: `Die Platte von ${facts.name} ist voll: Webhooks werden abgewiesen`, text: `Sie ist zu ${facts.usedPercent} % voll. Recharge sendet Abgewiesenes 48 Stunden lang erneut und löscht dann die Registrierungen. Jetzt Platz schaffen.` }),
    clock_skew: (facts) => ({ title: `Die Uhr von ${facts.name} geht um ${facts.skewSeconds} s falsch`, text: 'Sie weicht von der der Datenbank ab. Ab 60 s nimmt dieser Rechner nichts mehr an. Zeitabgleich (NTP) einschalten.' }),
    recovered: (facts) => ({ title: `${facts.name} geht wieder`, text: `Die Störung, die um ${facts.since} begann, ist vorbei. ${facts.waiting > 0 ? `${waitingGerman(facts.waiting)} Alles wird der Reihe nach gesendet.` : ''}` }),
  },
};
