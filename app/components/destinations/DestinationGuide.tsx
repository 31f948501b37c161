/** What a destination is for, where its values are found and what it does not do, from the catalogue: `destinations.<type>.guide`. */
import { BlockStack, Card, Text } from '@shopify/polaris';
import { useTranslation } from 'react-i18next';

type Section = { title: string; text?: string; items?: string[] };

/** `part` is one of the lists that the catalogue keeps for a type: `about` stands above the form, `limits` below it. */
export function DestinationGuide({ type, part }: { type: string; part: 'about' | 'limits' }) {
  const { t, i18n } = useTranslation();
  const key = `destinations.${type}.${part}`;
  if (!i18n.exists(key)) return null;
  const sections = t(key, { returnObjects: true }) as Section[];
  return (
    <Card>
      <BlockStack gap="400">
        {sections.map((section) => (
          <BlockStack gap="200" key={section.title}>
            <Text as="h3" variant="headingSm">
              {section.title}
            </Text>
            {section.text && <Text as="p">{section.text}</Text>}
            {section.items && (
              <ul className="plain-list">
                {section.items.map((item) => (
                  <li key={item}>{item}</li>
                ))}
              </ul>
            )}
          </BlockStack>
        ))}
      </BlockStack>
    </Card>
  );
}
