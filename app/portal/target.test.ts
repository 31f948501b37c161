// Which addresses the portal redirect may name (RP-22, P20).
import { describe, expect, it } from 'vitest';
import { allowedTarget, isLoopbackHttp, type TargetRules } from './target.ts';

const rules: TargetRules = { shopHosts: ['acme.myshopify.com', 'www.acme.example'], operatorHosts: ['portal.acme.example', 'portal.acme.example:8443'], sandbox: false };

describe('allowed', () => {
  it.each([
    'https://acme.myshopify.com/tools/recurring/portal/0f1e/overview?token=1',
    'https://www.acme.example/tools/recurring/portal/0f1e/overview?token=1',
    'https://admin.rechargeapps.com/portal/0f1e/schedule?token=1',
    'https://acme-store.admin.rechargeapps.com/portal/0f1e/subscriptions?token=1',
    'https://portal.acme.example/x?token=1',
    'https://portal.acme.example:8443/x?token=1',
    'https://acme.myshopify.com:443/x?token=1',
  ])('%s', (text) => {
    expect(allowedTarget(text, rules)?.protocol).toBe('https:');
  });

  it('on loopback only while the operator points the app at a simulator, and only hosts the operator names', () => {
    const sandbox = { ...rules, operatorHosts: ['127.0.0.1'], sandbox: true };
    expect(allowedTarget('http://127.0.0.1:4010/tools/recurring/portal/1/overview?token=1', sandbox)?.port).toBe('4010');
    expect(allowedTarget('http://127.0.0.1:4010/x?token=1', { ...sandbox, sandbox: false })).toBeNull();
    expect(allowedTarget('http://localhost:4010/x?token=1', sandbox)).toBeNull();
    expect(allowedTarget('http://acme.myshopify.com/x?token=1', sandbox)).toBeNull();
    expect(allowedTarget('https://evil.example/x?token=1', sandbox)).toBeNull();
  });
});

describe('refused', () => {
  it.each([
    'https://evil.example/portal?token=1',
    'https://acme.myshopify.com.evil.example/?token=1',
    'https://evil-admin.rechargeapps.com/?token=1',
    'https://adminXrechargeapps.com/?token=1',
    'https://rechargeapps.com/?token=1',
    'https://a.b.admin.rechargeapps.com/?token=1',
    'https://.admin.rechargeapps.com/?token=1',
    'https://admin.rechargeapps.com./?token=1',
    'https://acme.myshopify.com@evil.example/?token=1',
    'https://user:pass@acme.myshopify.com/?token=1',
    'https://@acme.myshopify.com/?token=1',
    'https://evil.example\\@acme.myshopify.com/?token=1',
    'https:/acme.myshopify.com/?token=1',
    '//evil.example/?token=1',
    '/\\evil.example/?token=1',
    '/relative?token=1',
    'http://acme.myshopify.com/?token=1',
    'https://acme.myshopify.com:8443/?token=1',
    'https://www.acme.example:22/?token=1',
    'javascript:alert(1)//https://acme.myshopify.com?token=1',
    'data:text/html,<script>?token=1',
    'https://acme.myshopify.com/\r\nSet-Cookie: a=b?token=1',
    'ht\ntps://acme.myshopify.com/?token=1',
    'https://acme.myshopify.com/ ?token=1',
    'https://acm\u0435.myshopify.com/?token=1',
    'https://acme\u3002myshopify.com/?token=1',
    ' https://acme.myshopify.com/?token=1',
    'https://[::1]/?token=1',
    'https://127.0.0.1/?token=1',
    `https://acme.myshopify.com/?token=${'1'.repeat(5000)}`,
    '',
  ])('%j', (text) => {
    expect(allowedTarget(text, rules)).toBeNull();
  });
});

it('knows a simulator by plain http on loopback', () => {
  expect(['http://127.0.0.1:4000', 'http://localhost:1', 'http://[::1]:1', 'https://127.0.0.1:1', 'http://10.0.0.1', 'http://127.0.0.1.evil.example', undefined].map(isLoopbackHttp)).toEqual([true, true, true, false, false, false, false]);
});
