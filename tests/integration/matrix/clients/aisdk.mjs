// npm ai 5, 6 and 7, with @ai-sdk/gateway or one of the providers' packages.
import { job, load, run, cityTool, answerSchema, usageOf } from './cells.mjs';

const ai = await load(job.package);
const { kind, providerPackage } = job.options;
const sdk = await load(providerPackage);
const settings = { apiKey: job.key, baseURL: job.baseUrl };
const modelOf = {
  gateway: () => sdk.createGateway(settings),
  responses: () => sdk.createOpenAI(settings).responses,
  chat: () => sdk.createOpenAI(settings).chat,
  compatible: () => sdk.createOpenAICompatible({
    ...settings, name: 'tollgate', includeUsage: true, supportsStructuredOutputs: true }),
  anthropic: () => sdk.createAnthropic(settings),
  google: () => sdk.createGoogleGenerativeAI(settings),
}[kind]();

const user = (content) => ({ role: 'user', content });
const tools = (names) => Object.fromEntries(names.map((name) => {
  const { schema, description } = cityTool(name);
  return [name, ai.tool({ description, inputSchema: ai.jsonSchema(schema) })];
}));

// How reasoning is asked for: by the one setting of ai 7, else for whichever provider serves.  The
// client of responses refers to thoughts unless it is told that nobody keeps them.
const stateless = { store: false, include: ['reasoning.encrypted_content'] };
const thinking = (cell) => ({
  anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } },
  openai: { reasoningEffort: 'low', reasoningSummary: 'auto', forceReasoning: true,
    ...(kind === 'responses' && cell.keeps ? {} : stateless) },
  google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } },
  tollgate: { reasoningEffort: 'low' },
  // The provider of the gateway that speaks chat completions, by its id there.
  chat: { reasoningEffort: 'low' },
});
const thinks = (cell) => (kind === 'gateway' && job.package === 'ai'
  ? { reasoning: 'low' } : { providerOptions: thinking(cell) });

async function turnOf(result, chunks = 0) {
  const [text, calls, finish, thought, usage, metadata] = await Promise.all([
    result.text, result.toolCalls, result.finishReason, result.reasoningText, result.usage,
    result.providerMetadata]);
  return {
    text, calls: (calls ?? []).map((call) => ({ name: call.toolName, args: call.input })),
    finish, refusal: null, thought: thought ?? null, chunks,
    usage: usageOf(usage?.inputTokens,
      usage?.inputTokenDetails?.cacheReadTokens ?? usage?.cachedInputTokens,
      usage?.inputTokenDetails?.cacheWriteTokens, usage?.outputTokens,
      usage?.outputTokenDetails?.reasoningTokens ?? usage?.reasoningTokens),
    cost: metadata?.gateway?.cost ?? null,
    metadata: metadata?.gateway ?? null,
  };
}

const call = (cell, body) => ({
  model: modelOf(cell.model), maxRetries: 0,
  // Anthropic's package would take the limit of a model that it knows.
  ...(kind === 'anthropic' ? { maxOutputTokens: 8192 } : {}), ...body });

async function whole(cell, body, tell) {
  const result = await ai.generateText(call(cell, body));
  tell(await turnOf(result));
  return result;
}

async function streamed(cell, body, tell) {
  const result = ai.streamText({ ...call(cell, body), onError: () => {} });
  let chunks = 0;
  for await (const part of result.fullStream ?? result.stream) {
    chunks += 1;
    if (part.type === 'error') throw part.error;
  }
  const turn = await turnOf(result, chunks);
  if (['other', 'unknown', 'error'].includes(turn.finish)) {
    throw new Error(`the stream ended with ${turn.finish}`);
  }
  tell(turn);
  return result;
}

async function toolTurns(cell, tell, ask, names, extra = {}) {
  const body = { tools: tools(names), ...extra };
  const messages = [user(cell.prompt)];
  const result = await ask(cell, { ...body, messages }, tell);
  const [calls, said] = [await result.toolCalls, (await result.response).messages];
  const results = calls.map((made) => ({
    type: 'tool-result', toolCallId: made.toolCallId, toolName: made.toolName,
    output: { type: 'text', value: `${made.toolName} is fine` } }));
  await ask(cell, { ...body,
    messages: [...messages, ...said, { role: 'tool', content: results }] }, tell);
}

const file = ({ type, base64 }, name) => ({
  type: 'file', mediaType: type, data: Buffer.from(base64, 'base64'), filename: name });
const plain = (cell) => ({ messages: [user(cell.prompt)] });

async function structured(cell, tell) {
  const schema = ai.jsonSchema(answerSchema);
  const result = ai.generateObject
    ? await ai.generateObject({ ...call(cell, plain(cell)), schema })
    : await ai.generateText({ ...call(cell, plain(cell)), output: ai.Output.object({ schema }) });
  const turn = await turnOf(result);
  tell({ ...turn, text: JSON.stringify(result.object ?? result.output), calls: [] });
}

await run({
  text: (cell, tell) => whole(cell, plain(cell), tell),
  stream: (cell, tell) => streamed(cell, plain(cell), tell),
  tools: (cell, tell) => toolTurns(cell, tell, whole, ['weather']),
  parallel_tools: (cell, tell) => toolTurns(cell, tell, streamed, ['weather', 'time']),
  image: (cell, tell) => whole(cell, { messages: [user(
    [{ type: 'text', text: cell.prompt }, file(cell.file, 'a.png')])] }, tell),
  pdf: (cell, tell) => whole(cell, { messages: [user(
    [{ type: 'text', text: cell.prompt }, file(cell.file, 'a.pdf')])] }, tell),
  structured,
  reasoning: async (cell, tell) => {
    await toolTurns(cell, tell, whole, ['weather'], thinks(cell));
    await toolTurns(cell, tell, streamed, ['weather'], thinks(cell));
  },
  cache: async (cell, tell) => {
    const system = { role: 'system', content: cell.system, providerOptions: {
      anthropic: { cacheControl: { type: 'ephemeral' } },
      ...(cell.marks ? { openaiCompatible: { cache_control: { type: 'ephemeral' } } } : {}) } };
    const body = job.package === 'ai'
      ? { instructions: system, messages: [user(cell.prompt)] }
      : { messages: [system, user(cell.prompt)] };
    await whole(cell, body, tell);
    await whole(cell, body, tell);
  },
  long: (cell, tell) => streamed(cell, plain(cell), tell),
  refusal: async (cell, tell) => {
    await whole(cell, plain(cell), tell);
    await streamed(cell, plain(cell), tell);
  },
  length: (cell, tell) => whole(cell, { ...plain(cell), maxOutputTokens: cell.limit }, tell),
  error_4xx: (cell, tell) => whole(cell, plain(cell), tell),
  rate_limit: (cell, tell) => whole(cell, plain(cell), tell),
  error_5xx: (cell, tell) => whole(cell, plain(cell), tell),
  models: async (cell, tell) => {
    const { models } = await sdk.createGateway(settings).getAvailableModels();
    const ids = models.map((model) => model.id);
    tell({ text: ids.join(' '), calls: [], finish: 'listed', uncharged: true });
  },
  cut: (cell, tell) => streamed(cell, plain(cell), tell),
});
