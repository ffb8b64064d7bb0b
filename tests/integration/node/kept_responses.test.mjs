// Answers that a provider keeps, through the official client, unchanged but for base URL and key.
//
// Run by responses_test.py with `node --test`; TOLLGATE_TEST is a JSON object that says where the
// gateway is and which model keeps its answers.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';

const { baseUrl, key, clients, model } = JSON.parse(process.env.TOLLGATE_TEST);
const require = createRequire(`${clients}/package.json`);
const { default: OpenAI } = await import(pathToFileURL(require.resolve('openai')));
const client = new OpenAI({ baseURL: baseUrl, apiKey: key, maxRetries: 0 });

test('a conversation goes on, as a stream, by the id of its last answer', async () => {
  const first = await client.responses.create({ model, input: 'hello' });
  const stream = client.responses.stream({
    model, input: 'again', previous_response_id: first.id });
  const ids = new Set();
  for await (const event of stream) {
    if (event.response) ids.add(event.response.id);
  }
  const last = await stream.finalResponse();
  assert.deepEqual([...ids], [last.id], 'one name in all events');
  assert.notEqual(last.id, first.id);
  const shown = await client.responses.retrieve(last.id);
  assert.equal(shown.id, last.id);
  assert.equal(shown.output_text, last.output_text);
  assert.equal(shown.previous_response_id, first.id);
});

test('an answer is deleted, and is not there then', async () => {
  const answer = await client.responses.create({ model, input: 'hello' });
  const items = [];
  for await (const item of client.responses.inputItems.list(answer.id)) items.push(item);
  assert.equal(items.length, 1);
  await client.responses.delete(answer.id);
  await assert.rejects(client.responses.retrieve(answer.id), OpenAI.NotFoundError);
  await assert.rejects(
    client.responses.create({ model, input: 'and?', previous_response_id: answer.id }),
    OpenAI.BadRequestError);
});

test('an item is named instead of being sent, as its stream named it', async () => {
  const stream = client.responses.stream({ model, input: 'Remember plums' });
  const ids = new Set();
  for await (const event of stream) {
    for (const id of [event.item_id, event.item?.id]) if (id) ids.add(id);
    for (const item of event.response?.output ?? []) ids.add(item.id);
  }
  const { output: [message] } = await stream.finalResponse();
  assert.deepEqual([...ids], [message.id], 'one name in all events');
  const again = await client.responses.create({ model, input: [
    { type: 'item_reference', id: message.id }, { role: 'user', content: 'and?' }] });
  assert.equal(again.status, 'completed');
  await assert.rejects(client.responses.create({ model, input: [
    { type: 'item_reference', id: `${message.id}0` }, { role: 'user', content: 'and?' }] }),
  { status: 400, param: 'input[0]' });
});
