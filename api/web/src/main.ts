import './style.css';
import type { StyleSpecification } from 'maplibre-gl';
import { Application } from './application';
import { followEvents } from './events';
import { chooseLanguage, otherLanguage } from './language';
import { openPage } from './page';
import { asProblem, Service } from './service';
import { wordsIn } from './words';

const language = chooseLanguage(location.search, navigator.languages);
const words = wordsIn(language);
const service = new Service(document.baseURI, language);

function changeLanguage(): void {
  const address = new URL(location.href);
  address.searchParams.set('lang', otherLanguage(language));
  location.assign(address);
}

async function start(root: HTMLElement): Promise<void> {
  const page = openPage(root, words, { changeLanguage, closePanel: () => application.close() });
  const application = new Application(page, service, language);
  try {
    // The style is the service's own document; MapLibre validates it before it draws anything.
    const style = (await service.json('style.json?addresses=plain')) as StyleSpecification;
    application.draw(style);
    followEvents(document.baseURI, application);
  } catch (reason) {
    application.refuse(asProblem(reason, language));
  }
}

const root = document.getElementById('app');
if (root) void start(root);
