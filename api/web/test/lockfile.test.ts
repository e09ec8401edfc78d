import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  optionalDependencies?: Record<string, string>;
  dependencies?: Record<string, string>;
}

const source = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
const { packages } = JSON.parse(source) as { packages: Record<string, Locked> };

describe('the lockfile', () => {
  it('records no download addresses, so that it works with any registry', () => {
    expect(source).not.toMatch(/"resolved"|\.tgz|registry/);
  });

  // npm leaves out a platform's package that its registry lacked on the day, and then refuses the file.
  it('has every package that another one names, those for other platforms included', () => {
    for (const [path, { dependencies, optionalDependencies }] of Object.entries(packages)) {
      for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
        const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
        expect(
          places.some((place) => place in packages),
          `${path} needs ${name}`,
        ).toBe(true);
      }
    }
  });
});
