// Prices usages with @pydantic/genai-prices: {asked: [{id, provider, model, usage}]} → {id: "USD"}.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { clients, asked } = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(`${clients}/package.json`);
const { calcPrice } = await import(pathToFileURL(require.resolve('@pydantic/genai-prices')));

const priced = {};
for (const { id, provider, model, usage } of asked) {
  const result = calcPrice(usage, model, { providerId: provider });
  if (!result) throw new Error(`no price of ${provider} ${model}`);
  // Its floating point, to the nearest nano-dollar.
  priced[id] = (Math.round(result.total_price * 1e9) / 1e9).toFixed(9);
}
console.log(JSON.stringify(priced));
