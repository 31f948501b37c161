/** Any other address: a small 404 page. */
import { PlainProblem } from '#app/components/PlainProblem.tsx';

export function loader(): null {
  throw new Response(null, { status: 404 });
}

export default function Nowhere() {
  return null;
}

export function ErrorBoundary() {
  return <PlainProblem problem="notFound" />;
}
