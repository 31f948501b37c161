import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, judgeUrl, type EgressPolicy } from './egress.ts';

const open: EgressPolicy = { kind: 'public', allowOrigins: [] };
const vendor: EgressPolicy = { kind: 'vendor', hosts: [/api\.rechargeapps\.com/, /[a-z0-9-]+\.api\.kustomerapp\.com/g] };

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '93.184.216.34', '203.0.114.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e'])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '100.100.100.200', '127.0.0.1', '127.255.255.254',
    '169.254.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.0.170', '192.0.2.1', '192.88.99.1', '192.168.0.1',
    '192.31.196.1', '192.52.193.1', '192.175.48.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255',
    '240.0.0.1', '255.255.255.255', '168.63.129.16',
    '::', '::1', '::127.0.0.1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::8.8.8.8',
    '64:ff9b:1::1', '100::1', '2001::1', '2001:0:7f00:1::', '2001:2::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:a00:1::1', '3fff::1',
    '5f00::1', '4000::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', 'ff0e::1', '2606:4700::1%1',
    '', 'localhost', '8.8.8.8:80', '8.8.8.8/32', ' 8.8.8.8',
  ])('refuses "%s"', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('OU-E1 refuses every IPv4 address of every inside network, and every wrapping of any IPv4 address', () => {
    const inside = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3'].map((cidr) => ipaddr.IPv4.parseCIDR(cidr));
    const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(fc.nat(inside.length - 1), bytes, (which, host) => {
        const [network, bits] = inside[which]!;
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
        const base = network.octets.reduce((sum, octet) => sum * 256 + octet, 0);
        const low = host.reduce((sum, octet) => sum * 256 + octet, 0);
        const whole = (((base & mask) | (low & ~mask)) >>> 0).toString(2).padStart(32, '0');
        const octets = [0, 8, 16, 24].map((at) => Number.parseInt(whole.slice(at, at + 8), 2));
        expect(isPublicAddress(octets.join('.'))).toBe(false);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(bytes, (octets) => {
        const [a, b, c, d] = octets.map((octet) => octet.toString(16).padStart(2, '0'));
        for (const wrapped of [`::ffff:${octets.join('.')}`, `::${a}${b}:${c}${d}`, `64:ff9b::${octets.join('.')}`, `64:ff9b:1::${a}${b}:${c}${d}`, `2002:${a}${b}:${c}${d}::1`, `2001:0:${a}${b}:${c}${d}::1`, `::ffff:0:${octets.join('.')}`]) {
          expect(isPublicAddress(wrapped), wrapped).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
      expect(typeof isPublicAddress(text)).toBe('boolean');
    }), { numRuns: 1000 });
  });
});

describe('judgeUrl', () => {
  // Forms that browsers, resolvers and careless filters read in different ways; every one of them means "inside".
  const inside = [
    'https://127.0.0.1/', 'https://127.1/', 'https://127.0.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0x7f.1/', 'https://0177.0.0.1/', 'https://017700000001/',
    'https://127.0.0.1./', 'https://0/', 'https://0.0.0.0/', 'https://00000/', 'https://10.0.0.1/', 'https://192.168.1.1/', 'https://0xc0a80101/', 'https://172.16.0.1/',
    'https://169.254.169.254/latest/meta-data/', 'https://2852039166/', 'https://0xa9fea9fe/', 'https://0251.0376.0251.0376/', 'https://100.64.0.1/', 'https://100.100.100.200/',
    'https://[::1]/', 'https://[::]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/', 'https://[0:0:0:0:0:ffff:127.0.0.1]/', 'https://[::127.0.0.1]/', 'https://[64:ff9b::127.0.0.1]/',
    'https://[2002:7f00:1::]/', 'https://[fc00::1]/', 'https://[fd00:ec2::254]/', 'https://[fe80::1]/', 'https://[ff02::1]/',
    'https://127。0。0。1/', 'https://127.0.0.1/', 'https://①②⑦.⓪.⓪.①/', 'https://１２７.０.０.１/', 'https://%31%32%37.0.0.1/', 'https://127.0.0.1%2e/',
    'https://224.0.0.1/', 'https://255.255.255.255/', 'https://198.18.0.1/', 'https://192.0.0.170/', 'https://168.63.129.16/',
  ];
  // Forms that are refused for their shape.
  const odd = [
    'http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'gopher://127.0.0.1:6379/_', 'data:text/plain,x', 'javascript:alert(1)', 'blob:https://example.com/x', '//example.com/', 'example.com', '',
    'https://user@example.com/', 'https://user:pass@example.com/', 'https://:pass@example.com/', 'https://example.com@127.0.0.1/', 'https://127.0.0.1:80\\@example.com/', 'https://example.com\\@127.0.0.1/',
    'https://example.com:22/', 'https://example.com:25/', 'https://example.com:0/', 'https://example.com:99999/', 'https://[::1', 'https://exa mple.com/', 'https://', 'https:///', 'https://1.2.3.4.5/', 'https://256.1.1.1/', 'https://0x7f.0.0.0.1/', 'https://[::ffff:127.0.0.1%25eth0]/', 'https://a%00b.com/',
  ];

  it.each([...inside, ...odd])('P23 refuses %s', (address) => {
    expect(judgeUrl(address, open)).toMatchObject({ ok: false });
    expect(judgeUrl(address, vendor)).toMatchObject({ ok: false });
  });

  it.each(['https://example.com/hook', 'https://example.com:8443/hook?x=1', 'https://münchen.example/', 'https://8.8.8.8/', 'https://[2606:4700:4700::1111]/', 'HTTPS://EXAMPLE.COM'])('lets a merchant name %s', (address) => {
    expect(judgeUrl(address, open)).toMatchObject({ ok: true, guarded: true });
  });

  it("OU-S1 holds a vendor to its own hosts, matched whole, even by a pattern that is not anchored or keeps state", () => {
    for (const address of ['https://api.rechargeapps.com/customers', 'https://acme.api.kustomerapp.com/v1', 'https://acme.api.kustomerapp.com/v1']) {
      expect(judgeUrl(address, vendor)).toMatchObject({ ok: true, guarded: true });
    }
    for (const address of ['https://api.rechargeapps.com.evil.example/', 'https://evil.example/api.rechargeapps.com', 'https://xapi.rechargeapps.com/', 'https://api.rechargeapps.com:8443/', 'https://api.rechargeapps.com./', 'https://a.b.api.kustomerapp.com/', 'http://api.rechargeapps.com/', 'https://apiXrechargeapps.com/']) {
      expect(judgeUrl(address, vendor), address).toMatchObject({ ok: false });
    }
  });

  it('lets the operator, and nobody else, name places inside', () => {
    const listed: EgressPolicy = { kind: 'public', allowOrigins: ['http://127.0.0.1:4010'] };
    expect(judgeUrl('http://127.0.0.1:4010/inbox', listed)).toMatchObject({ ok: true, guarded: false });
    expect(judgeUrl('http://127.0.0.1:4011/inbox', listed)).toMatchObject({ ok: false });
    expect(judgeUrl('http://user@127.0.0.1:4010/inbox', listed)).toMatchObject({ ok: false });

    const operator: EgressPolicy = { kind: 'operator', origin: 'http://127.0.0.1:4010' };
    expect(judgeUrl('http://127.0.0.1:4010/x', operator)).toMatchObject({ ok: true, guarded: false });
    for (const address of ['http://127.0.0.1/x', 'https://127.0.0.1:4010/', 'http://localhost:4010/', 'https://example.com/']) expect(judgeUrl(address, operator)).toMatchObject({ ok: false });
  });

  it('never quotes path, query or credentials in a reason', () => {
    for (const policy of [open, vendor, { kind: 'operator', origin: 'http://127.0.0.1:1' } as const]) {
      for (const address of ['https://canary:canary@127.0.0.1/canary?canary=1', 'http://127.0.0.1/canary?canary=1#canary', 'https://10.0.0.1/canary?canary', 'https://example.com:22/canary']) {
        expect(JSON.stringify(judgeUrl(address, policy))).not.toContain('canary');
      }
    }
  });
});
