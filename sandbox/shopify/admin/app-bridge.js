// Stub of Shopify's App Bridge, for the page inside the frame. It speaks with the simulated admin around it by postMessage
// and knows the parts the app uses; anything else rejects with its name rather than doing nothing.
(() => {
  'use strict';
  const script = document.currentScript;
  const adminOrigin = new URL(script.src).origin;
  const url = new URL(location.href);
  const kept = (name) => {
    const given = url.searchParams.get(name);
    if (given) sessionStorage.setItem(`app-bridge:${name}`, given);
    return given ?? sessionStorage.getItem(`app-bridge:${name}`) ?? undefined;
  };
  const config = {
    apiKey: document.querySelector('meta[name="shopify-api-key"]')?.content ?? script.dataset.apiKey,
    shop: kept('shop'),
    host: kept('host'),
    locale: kept('locale') ?? 'en',
  };

  // --- talking to the admin -----------------------------------------------------------------------------------------
  const embedded = window.parent !== window;
  const waiting = new Map();
  const listeners = {};
  let lastId = 0;
  const tell = (type, data = {}) => {
    if (embedded) window.parent.postMessage({ appBridge: true, type, ...data }, adminOrigin);
  };
  const ask = (type, data = {}) =>
    new Promise((resolve, reject) => {
      if (!embedded) return reject(new Error('not embedded'));
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      tell(type, { ...data, id });
    });
  window.addEventListener('message', (event) => {
    if (event.origin !== adminOrigin || event.source !== window.parent || !event.data?.appBridge) return;
    const { type, id, value, error } = event.data;
    if (type === 'answer') {
      const asked = waiting.get(id);
      waiting.delete(id);
      return error === undefined ? asked?.resolve(value) : asked?.reject(new Error(error));
    }
    listeners[type]?.(event.data);
  });

  // --- session tokens and fetch -------------------------------------------------------------------------------------
  const idToken = () => ask('idToken');
  const plainFetch = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (!embedded || new URL(request.url).origin !== location.origin || request.headers.has('authorization')) return plainFetch(request);
    const send = async (from) => {
      const headers = new Headers(from.headers);
      headers.set('authorization', `Bearer ${await idToken()}`);
      headers.set('x-requested-with', 'XMLHttpRequest');
      return plainFetch(new Request(from, { headers }));
    };
    const spare = request.clone();
    const answer = await send(request);
    const reauthorise = answer.headers.get('x-shopify-api-request-failure-reauthorize-url');
    if (reauthorise) tell('leave', { url: new URL(reauthorise, location.href).href });
    return answer.headers.get('x-shopify-retry-invalid-session-request') === '1' ? send(spare) : answer;
  };

  // The app's bounce page asks for a fresh token and wants to go where it came from.
  const reload = url.searchParams.get('shopify-reload');
  if (reload && embedded) {
    void idToken().then((token) => {
      const target = new URL(reload, location.href);
      target.searchParams.set('id_token', token);
      location.replace(target);
    });
  }

  // --- navigation ---------------------------------------------------------------------------------------------------
  const plainOpen = window.open.bind(window);
  window.open = (target, name, features) => {
    const wanted = new URL(target ?? '', location.href);
    const toAdmin = wanted.protocol === 'shopify:' || wanted.host === 'admin.shopify.com';
    if (!embedded || (!toAdmin && name !== '_top' && name !== '_parent')) return plainOpen(target, name, features);
    tell('leave', { url: wanted.href });
    return null;
  };
  const report = () => tell('path', { path: location.pathname, search: location.search });
  for (const method of ['pushState', 'replaceState']) {
    const plain = history[method].bind(history);
    history[method] = (...args) => {
      plain(...args);
      report();
    };
  }
  window.addEventListener('popstate', report);

  // --- custom elements ----------------------------------------------------------------------------------------------
  const style = document.createElement('style');
  style.textContent = 'ui-nav-menu, s-app-nav, ui-title-bar, ui-save-bar { display: none }';
  document.head.append(style);

  /** Calls `tellAgain` now and after every change inside the element. */
  const watch = (element, tellAgain) => {
    const observer = new MutationObserver(tellAgain);
    observer.observe(element, { childList: true, subtree: true, attributes: true, characterData: true });
    queueMicrotask(tellAgain);
    return observer;
  };
  const buttonsOf = (element) =>
    [...element.querySelectorAll('button, a')].map((button, index) => ({
      index,
      text: button.textContent.trim(),
      variant: button.getAttribute('variant') ?? '',
      tone: button.getAttribute('tone') ?? '',
      disabled: button.hasAttribute('disabled'),
      loading: button.hasAttribute('loading'),
    }));

  class NavMenu extends HTMLElement {
    connectedCallback() {
      listeners.navigate = ({ index }) => {
        const link = this.links()[index];
        const target = new URL(link?.getAttribute('href') ?? '', location.href);
        link?.dispatchEvent(new CustomEvent('shopify:navigate', { bubbles: true, cancelable: true }));
        // Nobody listens on a page that is not hydrated yet: then the plain way.
        setTimeout(() => location.pathname !== target.pathname && location.assign(target), 2000);
      };
      this.observer = watch(this, () => tell('nav', { links: this.links().map((link, index) => ({ index, href: link.getAttribute('href'), text: link.textContent.trim(), home: link.getAttribute('rel') === 'home' })) }));
    }
    disconnectedCallback() {
      this.observer.disconnect();
      tell('nav', { links: [] });
    }
    links() {
      return [...this.querySelectorAll('a, s-link')];
    }
  }
  customElements.define('ui-nav-menu', NavMenu);
  customElements.define('s-app-nav', class extends NavMenu {});

  let lastBar = 0;
  class TitleBar extends HTMLElement {
    connectedCallback() {
      if (this.closest('ui-modal')) return;
      listeners.titleBarButton = ({ index }) => this.querySelectorAll('button, a')[index]?.click();
      this.observer = watch(this, () => tell('titleBar', { title: this.getAttribute('title') ?? '', buttons: buttonsOf(this) }));
    }
    disconnectedCallback() {
      if (!this.observer) return;
      this.observer.disconnect();
      tell('titleBar', { title: '', buttons: [] });
    }
  }
  customElements.define('ui-title-bar', TitleBar);

  const saveBars = new Map();
  listeners.saveBarButton = ({ bar, save }) => saveBars.get(bar)?.press(save);
  class SaveBar extends HTMLElement {
    showing = false;
    #key = ++lastBar;
    connectedCallback() {
      this.observer = watch(this, () => this.showing && this.tellBar());
    }
    disconnectedCallback() {
      this.observer.disconnect();
      void this.hide();
    }
    buttons() {
      const all = [...this.querySelectorAll('button')];
      const save = all.find((button) => button.getAttribute('variant') === 'primary') ?? all[0];
      return { save, discard: all.find((button) => button !== save) };
    }
    press(save) {
      const { save: saveButton, discard } = this.buttons();
      (save ? saveButton : discard)?.click();
    }
    tellBar() {
      const { save, discard } = this.buttons();
      const busy = (button) => Boolean(button?.hasAttribute('loading')) && button.getAttribute('loading') !== 'false';
      tell('saveBar', { bar: this.#key, showing: this.showing, busy: busy(save), saveDisabled: Boolean(save?.disabled), discardDisabled: Boolean(discard?.disabled), confirmDiscard: this.hasAttribute('discardconfirmation') });
    }
    async show() {
      if (this.showing) return;
      this.showing = true;
      saveBars.set(this.#key, this);
      this.tellBar();
      this.dispatchEvent(new Event('show'));
    }
    async hide() {
      if (!this.showing) return;
      this.showing = false;
      saveBars.delete(this.#key);
      this.tellBar();
      this.dispatchEvent(new Event('hide'));
    }
    toggle() {
      return this.showing ? this.hide() : this.show();
    }
  }
  customElements.define('ui-save-bar', SaveBar);

  // A form with data-save-bar gets a bar of its own as soon as somebody changes it.
  const formBars = new WeakMap();
  const barOfForm = (form) => {
    let bar = formBars.get(form);
    if (!bar) {
      const key = ++lastBar;
      const press = (save) => {
        if (save) return form.requestSubmit();
        form.reset();
        bar.show(false);
      };
      bar = {
        press,
        show(showing) {
          if (showing) saveBars.set(key, bar);
          else saveBars.delete(key);
          tell('saveBar', { bar: key, showing, busy: false, saveDisabled: false, discardDisabled: false, confirmDiscard: form.hasAttribute('data-discard-confirmation') });
        },
      };
      formBars.set(form, bar);
    }
    return bar;
  };
  const onForm = (event, showing) => {
    const form = event.target.closest?.('form[data-save-bar]');
    if (form) barOfForm(form).show(showing);
  };
  document.addEventListener('input', (event) => onForm(event, true));
  document.addEventListener('submit', (event) => onForm(event, false));
  document.addEventListener('reset', (event) => onForm(event, false));

  // --- the global ---------------------------------------------------------------------------------------------------
  const byId = (id) => {
    const element = document.getElementById(id);
    if (!element) throw new Error(`no element with id ${id}`);
    return element;
  };
  const toasts = new Map();
  let lastToast = 0;
  listeners.toastAction = ({ toast }) => toasts.get(toast)?.onAction?.();
  listeners.toastGone = ({ toast }) => {
    toasts.get(toast)?.onDismiss?.();
    toasts.delete(toast);
  };
  const notSimulated = (name) => () => Promise.reject(new Error(`${name} is not simulated`));
  window.shopify = {
    config,
    origin: location.origin,
    ready: Promise.resolve(),
    environment: { embedded, mobile: false, pos: false, intent: false },
    idToken,
    user: () => ask('user'),
    loading: (on) => tell('loading', { on: Boolean(on) }),
    toast: {
      show(message, options = {}) {
        const toast = `toast-${++lastToast}`;
        toasts.set(toast, options);
        tell('toast', { toast, message: String(message), isError: Boolean(options.isError), action: options.action, duration: options.duration ?? 5000 });
        return toast;
      },
      hide: (toast) => tell('toastHide', { toast }),
    },
    modal: { show: async (id) => byId(id).show(), hide: async (id) => byId(id).hide(), toggle: async (id) => byId(id).toggle() },
    saveBar: { show: async (id) => byId(id).show(), hide: async (id) => byId(id).hide(), toggle: async (id) => byId(id).toggle(), leaveConfirmation: () => ask('leaveConfirmation') },
    app: { extensions: () => ask('extensions') },
    scopes: { query: () => ask('scopes'), request: notSimulated('scopes.request'), revoke: notSimulated('scopes.revoke') },
    webVitals: { onReport: () => {} },
    resourcePicker: notSimulated('resourcePicker'),
    picker: notSimulated('picker'),
    reviews: { request: notSimulated('reviews.request') },
  };
  tell('hello', { path: location.pathname, search: location.search });
  // The admin shows its progress bar until the page is there.
  window.addEventListener('load', () => tell('loaded'));
})();
