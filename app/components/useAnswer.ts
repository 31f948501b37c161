/** Calls back once for each answer that a fetcher brings, after the page shows what the answer changed. */
import { useEffect, useRef } from 'react';

export function useAnswer<Answer>({ state, data }: { state: string; data: Answer | undefined }, onAnswer: (answer: Answer) => void): void {
  const latest = useRef(onAnswer);
  const handled = useRef<Answer | undefined>(undefined);
  useEffect(() => {
    latest.current = onAnswer;
  });
  useEffect(() => {
    if (state !== 'idle' || data === undefined || handled.current === data) return;
    handled.current = data;
    latest.current(data);
  }, [state, data]);
}
