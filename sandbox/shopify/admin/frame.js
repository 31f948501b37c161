// The simulated admin around the app: answers what App Bridge asks, shows navigation, title bar, save bar, toasts and progress.
(() => {
  'use strict';
  const setup = JSON.parse(document.getElementById('setup').textContent);
  const frame = document.getElementById('app');
  const appOrigin = new URL(frame.dataset.src).origin;
  const say = (type, data = {}) => frame.contentWindow.postMessage({ appBridge: true, type, ...data }, appOrigin);
  const at = (id) => document.getElementById(id);
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const bars = new Map();
  const questions = {
    idToken: async () => (await fetch(setup.tokenUrl)).text(),
    user: async () => setup.user,
    scopes: async () => ({ granted: setup.scopes, required: setup.scopes, optional: [] }),
    extensions: async () => (await fetch(setup.extensionsUrl)).json(),
    // Resolves once the merchant may leave; without unsaved changes at once.
    leaveConfirmation: async () => {
      if (bars.size > 0 && !(await confirmLeaving())) await new Promise(() => {});
    },
  };
  const told = {
    hello: showPath,
    path: showPath,
    loaded: () => progress(false),
    loading: ({ on }) => progress(on),
    leave: ({ url }) => leave(url),
    nav: ({ links }) => showNav(links),
    titleBar: showTitleBar,
    saveBar: showSaveBar,
    toast: showToast,
    toastHide: ({ toast }) => dropToast(toast),
  };

  window.addEventListener('message', async (event) => {
    if (event.origin !== appOrigin || event.source !== frame.contentWindow || !event.data?.appBridge) return;
    const { type, id } = event.data;
    if (!Object.hasOwn(questions, type)) return told[type]?.(event.data);
    try {
      say('answer', { id, value: await questions[type]() });
    } catch (error) {
      say('answer', { id, error: String(error) });
    }
  });

  function progress(on) {
    at('progress').hidden = !on;
  }

  function showPath({ path, search }) {
    bars.clear();
    drawSaveBar();
    const query = new URLSearchParams(search);
    for (const name of ['shop', 'host', 'embedded', 'id_token', 'locale', 'timestamp', 'hmac', 'session', 'shopify-reload']) query.delete(name);
    if (setup.locale !== 'en') query.set('locale', setup.locale);
    const text = query.toString();
    history.replaceState(null, '', `${setup.adminPath}${path === '/' ? '' : path}${text ? `?${text}` : ''}`);
    for (const link of at('app-nav').querySelectorAll('a')) {
      const href = new URL(link.dataset.href, appOrigin).pathname;
      if (href === path || (path.startsWith(`${href}/`) && href !== '/app')) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  function showNav(links) {
    at('app-nav').replaceChildren(
      ...links
        .filter((link) => !link.home)
        .map((link) => {
          const anchor = element('a', { href: setup.adminPath + link.href, textContent: link.text });
          anchor.dataset.href = link.href;
          anchor.addEventListener('click', (event) => {
            event.preventDefault();
            document.getElementById('menu').open = matchMedia('(min-width: 768px)').matches;
            say('navigate', { index: link.index });
          });
          return element('li', {}, anchor);
        }),
    );
    const home = links.find((link) => link.home);
    at('app-home').onclick = home
      ? (event) => {
          event.preventDefault();
          say('navigate', { index: home.index });
        }
      : null;
  }

  function showTitleBar({ title, buttons }) {
    at('title').textContent = title;
    at('title-buttons').replaceChildren(
      ...buttons.map((button) => element('button', { textContent: button.text, className: button.variant, disabled: button.disabled || button.loading, onclick: () => say('titleBarButton', { index: button.index }) })),
    );
  }

  function showSaveBar(bar) {
    if (bar.showing) bars.set(bar.bar, bar);
    else bars.delete(bar.bar);
    drawSaveBar();
  }

  function drawSaveBar() {
    const bar = [...bars.values()].at(-1);
    at('save-bar').hidden = !bar;
    if (!bar) return;
    const save = at('save');
    save.disabled = bar.busy || bar.saveDisabled;
    save.setAttribute('aria-busy', String(bar.busy));
    save.onclick = () => say('saveBarButton', { bar: bar.bar, save: true });
    at('discard').disabled = bar.busy || bar.discardDisabled;
    at('discard').onclick = async () => {
      if (!bar.confirmDiscard || (await confirmLeaving())) say('saveBarButton', { bar: bar.bar, save: false });
    };
  }

  function confirmLeaving() {
    const dialog = at('leave');
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'leave'), { once: true }));
  }

  const shown = new Map();
  function showToast({ toast, message, isError, action, duration }) {
    const close = element('button', { textContent: '×', onclick: () => dropToast(toast) });
    close.setAttribute('aria-label', setup.texts.close);
    const line = element('div', { className: isError ? 'toast error' : 'toast' }, element('span', { textContent: message }));
    if (action) line.append(element('button', { textContent: action, onclick: () => say('toastAction', { toast }) }));
    line.append(close);
    at('toasts').append(line);
    shown.set(toast, line);
    setTimeout(() => dropToast(toast), duration);
  }
  function dropToast(toast) {
    if (!shown.has(toast)) return;
    shown.get(toast).remove();
    shown.delete(toast);
    say('toastGone', { toast });
  }

  /** Addresses of the real admin lead to their counterpart here; others open beside it, as leaving the demo helps nobody. */
  function leave(target) {
    const url = new URL(target);
    if (url.protocol === 'shopify:' || url.host === 'admin.shopify.com') {
      const inside = `${url.pathname.replace(/^\/\/?admin/, '')}${url.search}`;
      const own = new RegExp(`^(/store/[^/]+)?/apps/(${setup.appHandle}|${setup.apiKey})(?=/|\\?|$)`);
      if (own.test(inside)) location.assign(setup.adminPath + inside.replace(own, ''));
      else showToast({ toast: 'elsewhere', message: `${setup.texts.elsewhere}: ${inside}`, duration: 6000 });
      return;
    }
    if (url.origin === appOrigin) location.assign(setup.adminPath + url.pathname + url.search);
    else window.open(url, '_blank', 'noopener');
  }

  const wide = matchMedia('(min-width: 768px)');
  const openMenu = () => (at('menu').open = wide.matches);
  wide.addEventListener('change', openMenu);
  openMenu();
  frame.src = frame.dataset.src; // last, so that nothing the app says is missed
})();
