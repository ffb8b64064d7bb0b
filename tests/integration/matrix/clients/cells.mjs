// What every npm driver of the matrix shares: it runs the cells that it is given on standard input
// and prints what came of each as a line of JSON. What is right is judged by the test, not here.
//
// A driver gives run() an object of functions by feature. Each makes the conversation of its
// feature (matrix/features.py) through an unchanged SDK and returns the turns, each
//   {text, calls: [{name, args}], finish, refusal, thought, chunks, usage: {…}, cost}
// with finish as the surface spells it, and cost as the surface tells it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export const job = JSON.parse(readFileSync(0, 'utf8'));

const require = createRequire(`${job.clients}/package.json`);
// A package of setup_clients.sh.
export const load = async (name) => {
  try {
    return await import(pathToFileURL(require.resolve(name)));
  } catch (error) {
    if (error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    const main = JSON.parse(readFileSync(`${job.clients}/node_modules/${name}/package.json`));
    const entry = main.exports['.'];
    const path = entry.import?.default ?? entry.import ?? entry.default;
    return import(pathToFileURL(`${job.clients}/node_modules/${name}/${path}`));
  }
};

// Which HTTP answers a cell got: status and generation id.
const running = new AsyncLocalStorage();
const realFetch = globalThis.fetch;
globalThis.fetch = async (...args) => {
  const answer = await realFetch(...args);
  running.getStore()?.answers.push({
    status: answer.status,
    generation: answer.headers.get('x-generation-id'),
    retryAfter: answer.headers.get('retry-after'),
    cost: answer.headers.get('x-tollgate-cost'),
  });
  return answer;
};

// The first of `keys` in an error, or in what it was caused by.
const find = (error, keys) => {
  for (let at = error, depth = 0; at && depth < 5; at = at.cause ?? at.lastError, depth += 1) {
    for (const key of keys) if (at[key] !== undefined && at[key] !== null) return at[key];
  }
  return undefined;
};

const describe = (error) => ({
  name: error?.constructor?.name ?? typeof error,
  status: find(error, ['status', 'statusCode', 'code']),
  message: String(error?.message ?? JSON.stringify(error)).slice(0, 500),
  body: JSON.stringify(find(error, ['error', 'responseBody', 'body', 'data$']) ?? null)
    ?.slice(0, 500),
});

async function runCell(features, cell) {
  const store = { answers: [] };
  const out = { id: cell.id, turns: [], error: null };
  await running.run(store, async () => {
    const begun = performance.now();
    const timer = setTimeout(() => {
      console.log(JSON.stringify({ ...out, error: { name: 'Timeout' }, answers: store.answers }));
      process.exit(3);
    }, job.timeoutMs);
    try {
      // Turns that were made before one failed are told as well.
      await features[cell.feature](cell, (turn) => out.turns.push(turn));
    } catch (error) {
      out.error = describe(error);
      if (process.env.MATRIX_STACK) console.error(error);
    }
    clearTimeout(timer);
    out.ms = Math.round(performance.now() - begun);
  });
  console.log(JSON.stringify({ ...out, answers: store.answers }));
}

export async function run(features) {
  const waiting = [...job.cells];
  const worker = async () => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) await runCell(features, cell);
  };
  await Promise.all(Array.from({ length: job.concurrency }, worker));
  process.exit(0);  // Some clients keep connections open.
}

export const cityTool = (name) => ({
  name,
  description: `The ${name} of a city`,
  schema: {
    type: 'object', properties: { city: { type: 'string' } }, required: ['city'],
    additionalProperties: false,
  },
});

export const answerSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, count: { type: 'integer' } },
  required: ['city', 'count'],
  additionalProperties: false,
};

export const usageOf = (input, cached, written, output, reasoning) => ({
  input: input ?? null, cached: cached ?? 0, written: written ?? 0, output: output ?? null,
  reasoning: reasoning ?? 0,
});
