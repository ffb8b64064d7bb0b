// What official clients ask a gateway besides generations, unchanged but for base URL and key.
//
// Run by endpoints_test.py with `node --test`; TOLLGATE_TEST is a JSON object that says where the
// gateway is and what it sells.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';

const { origin, key, badKey, clients, model, sellers, today } =
  JSON.parse(process.env.TOLLGATE_TEST);
const require = createRequire(`${clients}/package.json`);
const load = async (name) => {
  try {
    return await import(pathToFileURL(require.resolve(name)));
  } catch (error) {
    if (error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    const main = JSON.parse(readFileSync(`${clients}/node_modules/${name}/package.json`));
    const entry = main.exports['.'].import?.default ?? main.exports['.'].import;
    return import(pathToFileURL(`${clients}/node_modules/${name}/${entry}`));
  }
};

// Billing has a record well under a second after the answer.
const soon = async (read) => {
  for (const deadline = Date.now() + 20_000; ;) {
    const value = await read();
    if (value || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

// Each generation's cost in USD, added up as it was told.
let spent = 0;

for (const [packageName, base] of [['anthropic-sdk-0', '0.x'], ['@anthropic-ai/sdk', '1.x']]) {
  test(`@anthropic-ai/sdk ${base} lists models page by page and counts tokens`, async () => {
    const { default: Anthropic } = await load(packageName);
    const client = new Anthropic({ baseURL: origin, apiKey: key, maxRetries: 0 });
    const ids = [];
    for await (const listed of client.models.list({ limit: 2 })) {
      assert.equal(listed.type, 'model');
      ids.push(listed.id);
    }
    assert.ok(ids.length > 2, 'there was more than a page');
    assert.ok(ids.includes(model));
    assert.equal(new Set(ids).size, ids.length, 'each once');
    const one = await client.models.retrieve(model);
    assert.equal(one.id, model);
    assert.ok(!Number.isNaN(Date.parse(one.created_at)));
    const counted = await client.messages.countTokens({
      model, messages: [{ role: 'user', content: 'How many are these?' }] });
    assert.ok(counted.input_tokens > 3 && counted.input_tokens < 50, `${counted.input_tokens}`);
    const stranger = new Anthropic({ baseURL: origin, apiKey: badKey, maxRetries: 0 });
    await assert.rejects(stranger.models.list(), Anthropic.AuthenticationError);
  });
}

test('@openrouter/sdk lists models and sellers, and reads credits and generations', async () => {
  const { OpenRouter } = await load('@openrouter/sdk');
  const client = new OpenRouter({
    apiKey: key, serverURL: `${origin}/api/v1`, retryConfig: { strategy: 'none' } });
  const [author, slug] = model.split('/');
  const { result } = await client.models.list();
  const listed = result.data.find((one) => one.id === model);
  assert.ok(listed, 'the model is listed');
  assert.match(listed.pricing.prompt, /^0\.\d+$/);
  assert.equal((await client.models.get({ author, slug })).data.id, model);
  const { data } = await client.endpoints.list({ author, slug });
  assert.deepEqual(data.endpoints.map((one) => one.providerName).sort(), sellers);

  const answer = await client.chat.send({
    chatRequest: { model, messages: [{ role: 'user', content: 'Hello' }] } });
  assert.ok(answer.usage.cost > 0);
  const { upstreamInferencePromptCost, upstreamInferenceCompletionsCost } =
    answer.usage.costDetails;
  assert.ok(Math.abs(
    upstreamInferencePromptCost + upstreamInferenceCompletionsCost - answer.usage.cost) < 1e-12);
  spent += answer.usage.cost;
  const generation = (await client.generations.getGeneration({ id: answer.id })).data;
  assert.equal(generation.totalCost, answer.usage.cost);
  assert.equal(generation.nativeTokensPrompt, answer.usage.promptTokens);
  const credits = (await client.credits.getCredits()).data;
  assert.ok(credits.totalCredits > 0);
  assert.ok(credits.totalUsage <= credits.totalCredits);
  await assert.rejects(
    client.generations.getGeneration({ id: 'gen_01J00000000000000000000000' }),
    (error) => error.statusCode === 404 && error.error.code === 404);
});

test('@openrouter/sdk reads what its key has used', async () => {
  const { OpenRouter } = await load('@openrouter/sdk');
  const client = new OpenRouter({
    apiKey: key, serverURL: `${origin}/api/v1`, retryConfig: { strategy: 'none' } });
  const read = async () => (await client.apiKeys.getCurrentKeyMetadata()).data;
  const before = await read();
  assert.equal(before.limit, null, 'no budget counts what the key uses');
  assert.equal(before.rateLimit.requests, -1);
  assert.ok(before.workspaceId && before.organizationId);
  const { usage } = await client.chat.send({
    chatRequest: { model, messages: [{ role: 'user', content: 'Hello' }] } });
  assert.ok(usage.cost > 0);
  spent += usage.cost;
  const after = await soon(async () => {
    const now = await read();
    return now.usage >= before.usage + usage.cost - 1e-12 ? now : undefined;
  });
  assert.ok(after, 'the key has used what was spent');
  for (const period of ['usageDaily', 'usageWeekly', 'usageMonthly']) {
    assert.ok(after[period] >= usage.cost - 1e-12, period);
    assert.ok(after[period] <= after.usage + 1e-12, period);
    assert.equal(after[`byok${period[0].toUpperCase()}${period.slice(1)}`], 0);
  }
  assert.equal(after.byokUsage, 0);
});

for (const [ai, gatewayPackage, base] of [
  ['ai-5', 'gateway-2', '/v1/ai'], ['ai-6', 'gateway-3', '/v3/ai'],
  ['ai', '@ai-sdk/gateway', '/v4/ai']]) {
  test(`${gatewayPackage} reads models, credits, a generation and a report`, async () => {
    const [{ generateText }, { createGateway, GatewayAuthenticationError,
      GatewayModelNotFoundError }] = await Promise.all([load(ai), load(gatewayPackage)]);
    const gateway = createGateway({ baseURL: origin + base, apiKey: key });
    const { models } = await gateway.getAvailableModels();
    const listed = models.find((one) => one.id === model);
    assert.ok(listed, 'the model is listed');
    assert.match(listed.pricing.input, /^0\.\d+$/);
    assert.equal(listed.specification.specificationVersion,
      { '/v1/ai': 'v2', '/v3/ai': 'v3', '/v4/ai': 'v4' }[base]);
    const before = await gateway.getCredits();
    assert.match(before.balance, /^\d+(\.\d+)?$/);

    const result = await generateText({ model: gateway(model), prompt: 'Hello', maxRetries: 0 });
    const metadata = result.providerMetadata.gateway;
    assert.equal(metadata.routing.totalProviderAttemptCount, 1);
    const parts = Number(metadata.inputInferenceCost) + Number(metadata.outputInferenceCost);
    assert.ok(Math.abs(parts - Number(metadata.cost)) < 1e-12);
    spent += Number(metadata.cost);
    const generation = await gateway.getGenerationInfo({ id: metadata.generationId });
    assert.equal(generation.totalCost, Number(metadata.cost));
    assert.equal(generation.completionTokens, result.usage.outputTokens);

    const row = await soon(async () => {
      const { results } = await gateway.getSpendReport(
        { startDate: today, endDate: today, groupBy: 'model' });
      return results.find((one) => one.model === model && one.totalCost >= spent - 1e-12);
    });
    assert.ok(row, 'the report has what was spent');
    assert.ok(row.requestCount > 0);

    // Tags are kept and told apart; whom the options name is who the report names.
    const tag = `of ${gatewayPackage}`;
    const tagged = await generateText({
      model: gateway(model), prompt: 'Hello', maxRetries: 0,
      providerOptions: { gateway: { tags: [tag, 'every release'], user: tag } } });
    assert.deepEqual(tagged.warnings ?? [], []);
    const { cost } = tagged.providerMetadata.gateway;
    spent += Number(cost);
    const rows = await soon(async () => {
      const { results } = await gateway.getSpendReport(
        { startDate: today, endDate: today, groupBy: 'tag', tags: [tag], userId: tag });
      return results.length > 0 && results;
    });
    assert.deepEqual(rows.map((one) => [one.tag, one.totalCost, one.requestCount]),
      [['every release', Number(cost), 1], [tag, Number(cost), 1]]);
    const stranger = createGateway({ baseURL: origin + base, apiKey: badKey });
    await assert.rejects(
      generateText({ model: gateway('acme/none'), prompt: 'Hello', maxRetries: 0 }),
      (error) => {
        assert.ok(GatewayModelNotFoundError.isInstance(error), String(error));
        assert.equal(error.modelId, 'acme/none');
        return true;
      });
    await assert.rejects(stranger.getCredits(), GatewayAuthenticationError);
    await assert.rejects(stranger.getAvailableModels(), GatewayAuthenticationError);
  });
}
