// The storefront's own words in both languages.

const en = {
  home: 'Home',
  shop: 'Coffee',
  account: 'Account',
  signIn: 'Sign in',
  signOut: 'Sign out',
  guest: 'Guest',
  welcome: 'Small roasts, fresh every Tuesday.',
  lead: 'Beans from four farms, roasted in small batches and delivered as often as you drink them.',
  subscribeAndSave: 'Subscribe and save 10 %',
  hello: 'Hello',
  orderHistory: 'Order history',
  order: 'Order',
  date: 'Date',
  payment: 'Payment',
  total: 'Total',
  paid: 'Paid',
  details: 'Account details',
  loginTitle: 'Sign in',
  loginLead: 'This is a simulated shop: choose who you are, no password needed.',
  continueAs: 'Continue as',
  notFound: 'Page not found',
  notFoundLead: 'There is nothing at this address.',
  appError: 'There was an error in the third-party application.',
  shopper: 'Shopper',
  choose: 'Switch',
  simulated: 'Simulated storefront',
};

export type StorefrontTexts = typeof en;

const de: StorefrontTexts = {
  home: 'Start',
  shop: 'Kaffee',
  account: 'Konto',
  signIn: 'Anmelden',
  signOut: 'Abmelden',
  guest: 'Gast',
  welcome: 'Kleine Röstungen, jeden Dienstag frisch.',
  lead: 'Bohnen von vier Höfen, in kleinen Mengen geröstet und so oft geliefert, wie Sie Kaffee trinken.',
  subscribeAndSave: 'Abonnieren und 10 % sparen',
  hello: 'Hallo',
  orderHistory: 'Bestellungen',
  order: 'Bestellung',
  date: 'Datum',
  payment: 'Zahlung',
  total: 'Summe',
  paid: 'Bezahlt',
  details: 'Kontodaten',
  loginTitle: 'Anmelden',
  loginLead: 'Dies ist ein simulierter Shop: Wählen Sie, wer Sie sind, ein Passwort braucht es nicht.',
  continueAs: 'Weiter als',
  notFound: 'Seite nicht gefunden',
  notFoundLead: 'Unter dieser Adresse gibt es nichts.',
  appError: 'In der App eines Drittanbieters ist ein Fehler aufgetreten.',
  shopper: 'Kundin oder Kunde',
  choose: 'Wechseln',
  simulated: 'Simulierter Shop',
};

export type StorefrontLanguage = 'en' | 'de';
export const storefrontTexts: Record<StorefrontLanguage, StorefrontTexts> = { en, de };
