// The official npm client, unchanged but for base URL and key, against a running gateway.
//
// Run by openai_node_test.py with `node --test`; TOLLGATE_TEST is a JSON object that says where the
// gateway is, which keys to use and what to expect (see that file).
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const { baseUrl, keys, models, clients } = JSON.parse(process.env.TOLLGATE_TEST);
const OpenAI = createRequire(`${clients}/package.json`)('openai');

const client = (key = keys.good) =>
  new OpenAI.OpenAI({ baseURL: baseUrl, apiKey: key, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say something short.' }];

const weatherTool = (name) => ({
  type: 'function',
  function: {
    name,
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
});

async function rejects(promise, errorClass, status, code) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof errorClass, `${error.constructor.name}: ${error.message}`);
    assert.equal(error.status, status);
    assert.equal(error.code, code);
    assert.ok(error.type, 'an error has a type');
    assert.match(error.message, /\w+ \w+/, 'an error is a sentence');
    return true;
  });
}

test('a completion has its cost in the body and in the headers', async () => {
  const { data, response } = await client()
    .chat.completions.create({ model: models.chat, messages })
    .withResponse();
  assert.ok(data.choices[0].message.content.length > 0);
  assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
  assert.match(response.headers.get('x-generation-id'), /^gen_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(response.headers.get('x-tollgate-attempts'), '1');
  assert.ok(response.headers.get('x-tollgate-provider'));
  assert.ok(data.usage.cost > 0);
  assert.equal(Number(response.headers.get('x-tollgate-cost')), data.usage.cost);
});

test('a stream without include_usage has no usage chunk', async () => {
  const stream = await client().chat.completions.create({
    model: models.chat, messages, stream: true,
  });
  let text = '';
  for await (const chunk of stream) {
    assert.ok(!chunk.usage, 'usage that nobody asked for');
    assert.equal(chunk.choices.length, 1);
    text += chunk.choices[0].delta.content ?? '';
  }
  assert.ok(text.length > 0);
});

test('a stream with include_usage ends with usage and cost', async () => {
  const stream = await client().chat.completions.create({
    model: models.chat, messages, stream: true, stream_options: { include_usage: true },
  });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  const last = chunks.at(-1);
  assert.deepEqual(last.choices, []);
  assert.ok(last.usage.completion_tokens > 0);
  assert.ok(last.usage.cost > 0);
});

test('the stream helper assembles the same answer', async () => {
  const runner = client().chat.completions.stream({ model: models.chat, messages });
  const completion = await runner.finalChatCompletion();
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.ok(completion.choices[0].message.content.length > 0);
});

test('tools: one call, its result, and the answer', async () => {
  const tools = [weatherTool('get_weather')];
  const first = await client().chat.completions.create({ model: models.chat, messages, tools });
  const [call] = first.choices[0].message.tool_calls;
  assert.equal(first.choices[0].finish_reason, 'tool_calls');
  assert.equal(call.function.name, 'get_weather');
  assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
  const second = await client().chat.completions.create({
    model: models.chat,
    messages: [...messages, first.choices[0].message,
      { role: 'tool', tool_call_id: call.id, content: 'Sunny, 21 degrees' }],
    tools,
  });
  assert.equal(second.choices[0].finish_reason, 'stop');
});

test('parallel tool calls, streamed', async () => {
  const completion = await client().chat.completions.stream({
    model: models.chat, messages, tools: [weatherTool('get_weather'), weatherTool('get_wind')],
  }).finalChatCompletion();
  const names = completion.choices[0].message.tool_calls.map((call) => call.function.name);
  assert.deepEqual(names.sort(), ['get_weather', 'get_wind']);
  for (const call of completion.choices[0].message.tool_calls) JSON.parse(call.function.arguments);
});

test('models can be listed and retrieved', async () => {
  const ids = [];
  for await (const model of client().models.list()) ids.push(model.id);
  assert.ok(ids.includes(models.chat), ids.join(' '));
  assert.equal((await client().models.retrieve(models.chat)).id, models.chat);
  await rejects(client().models.retrieve('nobody/nothing'), OpenAI.NotFoundError, 404,
    'model_not_found');
});

test('errors arrive as the classes of the client', async () => {
  const create = (key, body = {}) =>
    client(key).chat.completions.create({ model: models.chat, messages, ...body });
  await rejects(create(keys.bad), OpenAI.AuthenticationError, 401, 'invalid_api_key');
  await rejects(create(keys.revoked), OpenAI.AuthenticationError, 401, 'revoked_api_key');
  await rejects(create(keys.expired), OpenAI.AuthenticationError, 401, 'expired_api_key');
  await rejects(create(keys.good, { model: 'nobody/nothing' }), OpenAI.NotFoundError, 404,
    'model_not_found');
  await rejects(create(keys.poor), OpenAI.APIError, 402, 'insufficient_balance');
  await rejects(create(keys.capped), OpenAI.APIError, 402, 'budget_exceeded');
});

test('providers that fail or cut', async () => {
  const create = (model, body = {}) =>
    client().chat.completions.create({ model, messages, ...body });
  await rejects(create(models.failing), OpenAI.InternalServerError, 502, 'all_providers_failed');
  await rejects(create(models.limited), OpenAI.RateLimitError, 429, 'providers_rate_limited');
  const stream = await create(models.cut, { stream: true });
  await assert.rejects(async () => {
    for await (const chunk of stream) assert.ok(chunk);
  }, OpenAI.APIError);
});
