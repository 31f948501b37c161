// Stub of App Bridge's ui-modal; served as the second part of /app-bridge.js. The real one opens in the admin, this one in the frame.
(() => {
  'use strict';
  class AppModal extends HTMLElement {
    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      root.innerHTML = `<style>
        dialog { border: 0; border-radius: 12px; padding: 0; width: min(620px, calc(100vw - 32px)); box-shadow: 0 20px 60px #0006; font: 14px/1.5 Inter, system-ui, sans-serif; }
        dialog::backdrop { background: #0008; }
        header { display: flex; justify-content: space-between; align-items: center; padding: 12px 16px; background: #f3f3f3; }
        h2 { margin: 0; font-size: 1rem; } header button { border: 0; background: none; font-size: 1.2rem; min-width: 44px; min-height: 44px; cursor: pointer; }
        footer { display: flex; gap: 8px; justify-content: flex-end; padding: 12px 16px; border-top: 1px solid #e3e3e3; } footer:empty { display: none; }
        footer button { font: inherit; padding: 6px 14px; border-radius: 8px; border: 1px solid #8a8a8a; background: #fff; cursor: pointer; }
        footer button.primary { background: #303030; color: #fff; } footer button.critical { background: #b02a1a; color: #fff; }
      </style><dialog aria-labelledby="title"><header><h2 id="title"></h2><button aria-label="Close">×</button></header><slot></slot><footer></footer></dialog>`;
      this.dialog = root.querySelector('dialog');
      this.dialog.addEventListener('close', () => this.dispatchEvent(new Event('hide')));
      root.querySelector('header button').addEventListener('click', () => this.dialog.close());
    }
    connectedCallback() {
      this.observer = new MutationObserver(() => this.mirrorTitleBar());
      this.observer.observe(this, { childList: true, subtree: true, attributes: true, characterData: true });
    }
    disconnectedCallback() {
      this.observer.disconnect();
    }
    /** Where React puts what the modal shows. */
    get content() {
      if (!this.contentPlace) {
        this.contentPlace = document.createElement('div');
        this.append(this.contentPlace);
      }
      return this.contentPlace;
    }
    mirrorTitleBar() {
      const bar = this.querySelector('ui-title-bar');
      this.shadowRoot.querySelector('h2').textContent = bar?.getAttribute('title') ?? '';
      const sources = [...(bar?.querySelectorAll('button') ?? [])];
      this.shadowRoot.querySelector('footer').replaceChildren(
        ...sources
          .map((source) => {
            const button = document.createElement('button');
            button.textContent = source.textContent;
            button.className = source.getAttribute('tone') === 'critical' ? 'critical' : (source.getAttribute('variant') ?? '');
            button.disabled = source.disabled || source.hasAttribute('loading');
            button.addEventListener('click', () => source.click());
            return button;
          })
          .reverse(),
      );
    }
    async show() {
      if (this.dialog.open) return;
      this.mirrorTitleBar();
      this.dialog.showModal();
      this.dispatchEvent(new Event('show'));
    }
    async hide() {
      if (this.dialog.open) this.dialog.close();
    }
    toggle() {
      return this.dialog.open ? this.hide() : this.show();
    }
  }
  customElements.define('ui-modal', AppModal);
})();
