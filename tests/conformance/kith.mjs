// What the scripts share: where the service is, one GraphQL request, calls by the SDK, waiting.
import { Analytics } from '@segment/analytics-node';

export const [, , url, adminToken, writeKey] = process.argv;
export const authorization = `Bearer ${adminToken}`;

export async function ask(query, variables) {
  const reply = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await reply.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

export async function until(what, check, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// Sends calls with the unmodified SDK and returns when the service has accepted them all.
export async function send(calls) {
  const analytics = new Analytics({ writeKey, host: url, path: '/v1/batch' });
  const faults = [];
  analytics.on('error', (fault) => faults.push(fault));
  calls(analytics);
  await analytics.closeAndFlush({ timeout: 20000 });
  if (faults.length) throw new Error(JSON.stringify(faults));
}

// A live segment of its own for one script.
export async function createSegment(key, event) {
  const { createSegment: made } = await ask(
    `mutation C($input: CreateSegmentInput!) { createSegment(input: $input) { __typename ... on Segment { key } } }`,
    { input: { key, name: key, rule: { event: { name: event } } } },
  );
  if (made.__typename !== 'Segment') throw new Error(JSON.stringify(made));
  await until('the segment to be live', async () => {
    const { segment } = await ask('query S($key: String!) { segment(key: $key) { status } }', { key });
    return segment.status === 'LIVE';
  });
}

export const unique = `${process.pid}-${Date.now()}`;

export const UPDATES = `subscription U($segments: [String!], $after: String) {
  segmentUpdates(segments: $segments, after: $after) { cursor kind sequence customerId customer { id } segment { key } }
}`;

// Lets users 1 … count enter the segment, in rounds, while `subscribe(after, count)` reads a few updates at a time and
// comes back behind the last cursor each time.
export async function resumesWithoutGapOrRepeat(name, subscribe) {
  const key = `${name}-${unique}`.toLowerCase();
  const event = `Event ${key}`;
  await createSegment(key, event);
  const rounds = 5;
  const each = 8;
  const seen = [];
  let after = '0';
  for (let round = 0; round < rounds; round += 1) {
    await send((analytics) => {
      for (let n = 0; n < each; n += 1) analytics.track({ userId: `${key}-${round}-${n}`, event });
    });
    // Takes half of a round, leaves, and finds the rest in the next.
    const want = round === rounds - 1 ? rounds * each - seen.length : each / 2;
    for (const update of await subscribe({ segments: [key], after }, want)) {
      seen.push(update);
      after = update.cursor;
    }
  }
  const customers = new Set(seen.map((update) => update.customerId));
  if (seen.length !== rounds * each || customers.size !== seen.length) {
    throw new Error(`${seen.length} updates of ${customers.size} customers, expected ${rounds * each}`);
  }
  for (const update of seen) {
    if (update.kind !== 'ENTERED' || update.sequence !== 1 || update.segment.key !== key || !update.customer) {
      throw new Error(JSON.stringify(update));
    }
  }
}
