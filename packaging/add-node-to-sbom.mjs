// Adds the Node that a package brings to the CycloneDX bill of materials of its npm packages: stdin to stdout.
import { readFileSync } from 'node:fs';

const [version] = process.argv.slice(2);
const sbom = JSON.parse(readFileSync(0, 'utf8'));
sbom.components.push({
  type: 'platform',
  'bom-ref': `nodejs@${version}`,
  name: 'nodejs',
  version,
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:lts:*:*:*`,
  externalReferences: [{ type: 'website', url: 'https://nodejs.org/' }],
});
process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`);
