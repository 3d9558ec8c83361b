// The client of graphql-transport-ws: queries, subscriptions that resume, refused tokens.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { authorization, resumesWithoutGapOrRepeat, UPDATES, url } from './kith.mjs';

const address = `${url.replace('http', 'ws')}/graphql`;
const connect = (token, more = {}) =>
  createClient({ url: address, webSocketImpl: WebSocket, connectionParams: { authorization: token }, retryAttempts: 0, ...more });

const once = connect(authorization);
for await (const { data } of once.iterate({ query: '{ __typename }' })) {
  if (data.__typename !== 'Query') throw new Error('no answer');
}
const refused = await once.iterate({ query: '{ nothing }' }).next().then(
  () => null,
  (errors) => errors,
);
if (refused?.[0]?.extensions?.code !== 'BAD_USER_INPUT') throw new Error(`not refused: ${JSON.stringify(refused)}`);
await once.dispose();

const code = await new Promise((resolve) => {
  const stranger = connect('Bearer wrong', { lazy: false, onNonLazyError: () => {}, on: { closed: (event) => resolve(event.code) } });
  setTimeout(() => stranger.dispose(), 5000).unref();
});
if (code !== 4403) throw new Error(`a wrong token was closed with ${code}`);

await resumesWithoutGapOrRepeat('ws', async (variables, count) => {
  const client = connect(authorization);
  const found = [];
  for await (const { data, errors } of client.iterate({ query: UPDATES, variables })) {
    if (errors) throw new Error(JSON.stringify(errors));
    found.push(data.segmentUpdates);
    if (found.length === count) break;
  }
  await client.dispose();
  return found;
});
console.log('ok');
process.exit(0);
