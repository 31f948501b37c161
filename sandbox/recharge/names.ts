// English and German people, streets and products to fill a store with.

export const PEOPLE = [
  ['Ada', 'Whitfield'], ['Jürgen', 'Müller'], ['Grace', 'Okafor'], ['Anneliese', 'Schröder'], ['Thomas', 'Baker'], ['Käthe', 'Weiß'],
  ['Olivia', 'Hughes'], ['Bärbel', 'Krüger'], ['Samuel', "O'Connor"], ['Jörg', 'Schäfer'], ['Emily', 'Clarke'], ['Friederike', 'Köhler'],
  ['Daniel', 'Foster'], ['Ömer', 'Yıldız'], ['Charlotte', 'Hall-Jones'], ['Günther', 'Groß'], ['Henry', 'Walsh'], ['Ursula', 'Böhm'],
  ['Zoë', 'Sanders'], ['Matthias', 'von der Heide'], ['Lucy', 'Park'], ['Änne', 'Lüdemann'], ['Noah', 'Price'], ['Sören', 'Jäger'],
] as const;

export const PLACES = [
  { address1: '1776 Washington Street', city: 'Los Angeles', country: 'United States', country_code: 'US', province: 'California', zip: '90404', dial: '+1310555' },
  { address1: 'Große Bleichen 21', city: 'Hamburg', country: 'Germany', country_code: 'DE', province: 'Hamburg', zip: '20354', dial: '+4940555' },
  { address1: '221 Maple Avenue', city: 'Springfield', country: 'United States', country_code: 'US', province: 'Illinois', zip: '62701', dial: '+1217555' },
  { address1: 'Königsallee 60', city: 'Düsseldorf', country: 'Germany', country_code: 'DE', province: 'Nordrhein-Westfalen', zip: '40212', dial: '+49211555' },
  { address1: '14 Harbour Road', city: 'Bristol', country: 'United Kingdom', country_code: 'GB', province: 'England', zip: 'BS1 5DB', dial: '+44117555' },
  { address1: 'Mönckebergstraße 7', city: 'München', country: 'Germany', country_code: 'DE', province: 'Bayern', zip: '80331', dial: '+4989555' },
] as const;

export const PRODUCTS = [
  { title: 'House Coffee', sku: 'COF', cents: 1800, grams: 1000, variants: ['Whole bean', 'Ground'] },
  { title: 'Kräutertee Sommerwiese', sku: 'TEE', cents: 1250, grams: 250, variants: ['Lose', 'Beutel'] },
  { title: 'Dog Food with Lamb', sku: 'DOG', cents: 4999, grams: 5000, variants: ['5 kg', '10 kg'] },
  { title: 'Müsli Nuss & Früchte', sku: 'MUE', cents: 890, grams: 500, variants: [null] },
  { title: 'Razor Refill', sku: 'RAZ', cents: 1000, grams: 60, variants: ['4 pieces', '8 pieces'] },
] as const;

export const CANCELLATION_REASONS = ['Too much product', 'Zu teuer', 'Moving abroad', 'Found another product', 'Nicht zufrieden'] as const;

/** ASCII for e-mail addresses: Jürgen Müller is juergen.mueller. */
export function mailName(name: string): string {
  const german: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', ı: 'i' };
  return name
    .toLowerCase()
    .replaceAll(/[äöüßı]/g, (letter) => german[letter] ?? letter)
    .normalize('NFD')
    .replaceAll(/[^a-z]+/g, '');
}
