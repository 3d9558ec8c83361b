// The client of graphql-sse in distinct connections mode: queries, and subscriptions that resume.
import { createClient } from 'graphql-sse';
import { authorization, resumesWithoutGapOrRepeat, UPDATES, url } from './kith.mjs';

const connect = (token) =>
  createClient({ url: `${url}/graphql`, headers: { authorization: token }, retryAttempts: 0 });

for await (const { data } of connect(authorization).iterate({ query: '{ __typename }' })) {
  if (data.__typename !== 'Query') throw new Error('no answer');
}
const refused = await connect('Bearer wrong').iterate({ query: '{ __typename }' }).next().then(
  () => null,
  (fault) => fault,
);
if (refused?.response?.status !== 401) throw new Error(`not refused: ${refused}`);

await resumesWithoutGapOrRepeat('sse', async (variables, count) => {
  const client = connect(authorization);
  const found = [];
  for await (const { data, errors } of client.iterate({ query: UPDATES, variables })) {
    if (errors) throw new Error(JSON.stringify(errors));
    found.push(data.segmentUpdates);
    if (found.length === count) break;
  }
  client.dispose();
  return found;
});
console.log('ok');
process.exit(0);
