// Conversations of @ai-sdk/openai, which keeps answers at the provider unless it is told not to: it
// sends what was said before as references to items.
//
// Run by responses_test.py with `node --test`; TOLLGATE_TEST is a JSON object that says where the
// gateway is, which model keeps its answers and which does not.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';

const { baseUrl, key, clients, model, forgets } = JSON.parse(process.env.TOLLGATE_TEST);
const require = createRequire(`${clients}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const ai = await load('ai');
const { createOpenAI } = await load('@ai-sdk/openai');

// The input of each request that is sent.
let inputs = [];
const openai = createOpenAI({
  apiKey: key,
  baseURL: baseUrl,
  fetch: (url, options) => {
    inputs.push(JSON.parse(options.body).input);
    return fetch(url, options);
  },
});
const weather = ai.tool({
  description: 'The weather of a city',
  inputSchema: ai.jsonSchema({
    type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }),
  execute: async () => 'rain',
});
const thinks = { reasoningEffort: 'low', reasoningSummary: 'auto', forceReasoning: true };

const whole = async (body) => {
  const result = await ai.generateText(body);
  return { text: result.text, messages: (result.responseMessages ?? result.response.messages) };
};
const streamed = async (body) => {
  const result = ai.streamText({ ...body, onError: () => {} });
  for await (const part of result.fullStream) {
    if (part.type === 'error') throw part.error;
  }
  return { text: await result.text,
    messages: await (result.responseMessages ?? (await result.response).messages) };
};

// Three turns: a call of a tool with its thought, what it said, and a further question.
async function converse(ask, options) {
  inputs = [];
  const body = { model: openai.responses(model), maxRetries: 0, tools: { weather },
    providerOptions: { openai: { ...thinks, ...options } }, stopWhen: ai.isStepCount
      ? ai.isStepCount(2) : ai.stepCountIs(2) };
  const messages = [{ role: 'user', content: 'Think about the weather in Paris' }];
  const first = await ask({ ...body, messages });
  assert.equal(first.text, 'The tool says: rain');
  messages.push(...first.messages, { role: 'user', content: 'Say goodbye [[no tools]]' });
  const second = await ask({ ...body, messages });
  assert.ok(second.text.startsWith('You said: Say goodbye'), second.text);
  const referred = inputs.flat().filter((item) => item.type === 'item_reference')
    .map((item) => item.id.slice(0, item.id.indexOf('_tg') + 3));
  return referred;
}

for (const [how, ask] of [['whole', whole], ['streamed', streamed]]) {
  test(`what was said is referred to, ${how}`, async () => {
    const referred = await converse(ask, {});
    assert.ok(referred.includes('rs_tg'), `thoughts by their names: ${referred}`);
    assert.ok(referred.includes('msg_tg'), `messages by their names: ${referred}`);
  });

  test(`what was said is sent where nothing is kept, ${how}`, async () => {
    const referred = await converse(ask, {
      store: false, include: ['reasoning.encrypted_content'] });
    assert.deepEqual(referred, []);
  });
}

test('a model whose provider keeps nothing says what to do', async () => {
  const body = { model: openai.responses(forgets), maxRetries: 0 };
  const messages = [{ role: 'user', content: 'hello' }];
  const first = await whole({ ...body, messages });
  messages.push(...first.messages, { role: 'user', content: 'again' });
  await assert.rejects(whole({ ...body, messages }), (error) => {
    assert.equal(error.statusCode, 400);
    assert.match(error.message, /`input\[1\]`.*`store` set to false/);
    return true;
  });
  const stateless = { openai: { store: false } };
  assert.equal((await whole({ ...body, messages, providerOptions: stateless })).text,
    'You said: again');
});
