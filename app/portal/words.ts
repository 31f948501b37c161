/** What the help pages of the portal route say, in every language. They blame nobody and promise nothing we cannot know. */
import type { PageLanguage } from './language.ts';

export const helpPages = ['not_found', 'unavailable', 'too_many', 'not_signed_in', 'refused'] as const;
export type HelpPage = (typeof helpPages)[number];

export type PageWords = {
  title: string;
  lead: string;
  /** What to try, the likeliest first. */
  steps: readonly string[];
  /** Label of the one link. */
  link: string;
  close: string;
};

const english: Record<HelpPage, PageWords> = {
  not_found: {
    title: 'We could not find subscriptions for this account',
    lead: 'You are signed in, but we found no subscriptions that belong to this account. The usual reasons:',
    steps: [
      'You bought the subscription with another e-mail address. Sign out, then sign in with the address you used at purchase; your order confirmation shows it.',
      'You checked out without an account. Create one with the e-mail address you used at purchase.',
      'The order is only a few minutes old. Wait a little, then try again.',
      'The shop is changing its subscription settings at the moment.',
    ],
    link: 'Try again',
    close: 'If none of this helps, please contact the shop. It can look up your subscriptions and send you a link by e-mail.',
  },
  unavailable: {
    title: 'Your subscriptions cannot be opened right now',
    lead: 'The subscription service did not answer as it should. Your subscriptions are not changed by this.',
    steps: ['Wait a minute, then try again.', 'If a change is urgent, for example before your next delivery, please contact the shop.'],
    link: 'Try again',
    close: 'You do not need to sign in again.',
  },
  too_many: {
    title: 'One moment, please',
    lead: 'The subscriptions were opened very often within a short time, so we are pausing for a minute.',
    steps: ['Wait a minute, then try again.', 'Close other tabs that keep reloading this page.'],
    link: 'Try again',
    close: 'If you see this again, please contact the shop.',
  },
  not_signed_in: {
    title: 'We could not tell who is signed in',
    lead: 'You came back from the login, but the shop did not pass on that you are signed in.',
    steps: [
      'Sign in again and make sure that you reach your account.',
      'If your browser blocks cookies or is in private mode, allow cookies for this shop.',
      'Use the same web address of the shop throughout, for example always with or always without "www".',
    ],
    link: 'Go to the login',
    close: 'If that does not help, please contact the shop. It can send you a link by e-mail.',
  },
  refused: {
    title: 'This link cannot be used',
    lead: 'It is too old, incomplete, or has something added to it.',
    steps: ['Open your subscriptions with the link below, or from your account in the shop.'],
    link: 'Open my subscriptions',
    close: 'If you see this again, please contact the shop.',
  },
};

const german: Record<HelpPage, PageWords> = {
  not_found: {
    title: 'Wir haben zu diesem Konto keine Abos gefunden',
    lead: 'Sie sind angemeldet, aber zu diesem Konto haben wir keine Abos gefunden. Das sind die üblichen Gründe:',
    steps: [
      'Sie haben das Abo mit einer anderen E-Mail-Adresse gekauft. Melden Sie sich ab und mit der Adresse vom Kauf wieder an; sie steht in Ihrer Bestellbestätigung.',
      'Sie haben ohne Konto bestellt. Legen Sie ein Konto mit der E-Mail-Adresse vom Kauf an.',
      'Die Bestellung ist erst wenige Minuten alt. Warten Sie kurz und versuchen Sie es dann noch einmal.',
      'Der Shop ändert gerade seine Abo-Einstellungen.',
    ],
    link: 'Noch einmal versuchen',
    close: 'Wenn nichts davon hilft, wenden Sie sich bitte an den Shop. Er kann nach Ihren Abos sehen und Ihnen einen Link per E-Mail schicken.',
  },
  unavailable: {
    title: 'Ihre Abos lassen sich gerade nicht öffnen',
    lead: 'Der Abo-Dienst hat nicht wie erwartet geantwortet. An Ihren Abos ändert das nichts.',
    steps: ['Warten Sie eine Minute und versuchen Sie es dann noch einmal.', 'Ist eine Änderung dringend, etwa vor der nächsten Lieferung, wenden Sie sich bitte an den Shop.'],
    link: 'Noch einmal versuchen',
    close: 'Sie müssen sich nicht neu anmelden.',
  },
  too_many: {
    title: 'Einen Moment, bitte',
    lead: 'Die Abos wurden in kurzer Zeit sehr oft geöffnet, deshalb machen wir eine Minute Pause.',
    steps: ['Warten Sie eine Minute und versuchen Sie es dann noch einmal.', 'Schließen Sie andere Tabs, die diese Seite immer wieder laden.'],
    link: 'Noch einmal versuchen',
    close: 'Sehen Sie diese Seite wieder, wenden Sie sich bitte an den Shop.',
  },
  not_signed_in: {
    title: 'Wir konnten nicht erkennen, wer angemeldet ist',
    lead: 'Sie kommen von der Anmeldung zurück, aber der Shop hat uns nicht mitgeteilt, dass Sie angemeldet sind.',
    steps: [
      'Melden Sie sich noch einmal an und achten Sie darauf, dass Sie in Ihrem Konto ankommen.',
      'Blockiert Ihr Browser Cookies oder ist er im privaten Modus, erlauben Sie Cookies für diesen Shop.',
      'Bleiben Sie bei einer Schreibweise der Shop-Adresse, zum Beispiel immer mit oder immer ohne „www“.',
    ],
    link: 'Zur Anmeldung',
    close: 'Wenn das nicht hilft, wenden Sie sich bitte an den Shop. Er kann Ihnen einen Link per E-Mail schicken.',
  },
  refused: {
    title: 'Dieser Link lässt sich nicht verwenden',
    lead: 'Er ist zu alt, unvollständig oder um etwas ergänzt worden.',
    steps: ['Öffnen Sie Ihre Abos mit dem Link unten oder über Ihr Konto im Shop.'],
    link: 'Meine Abos öffnen',
    close: 'Sehen Sie diese Seite wieder, wenden Sie sich bitte an den Shop.',
  },
};

export const words: Record<PageLanguage, Record<HelpPage, PageWords>> = { en: english, de: german };
