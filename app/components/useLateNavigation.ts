/** True once a move to another page has taken longer than a person notices; until then the old page stays. */
import { useLocation, useNavigation } from '@remix-run/react';
import { useEffect, useState } from 'react';

const noticedAfterMs = 300;

export function useLateNavigation(): boolean {
  const navigation = useNavigation();
  const { pathname } = useLocation();
  const away = navigation.state === 'loading' && navigation.location.pathname !== pathname;
  const [lateFor, setLateFor] = useState<string | null>(null);
  const target = away ? navigation.location.pathname : null;
  useEffect(() => {
    if (!target) return;
    const timer = setTimeout(() => setLateFor(target), noticedAfterMs);
    return () => clearTimeout(timer);
  }, [target]);
  return target !== null && lateFor === target;
}
