// @segment/analytics-node, unmodified: what it sends, GraphQL shows.
import { ask, send, unique, until } from './kith.mjs';

const userId = `sdk-${unique}`;
const count = 150;
await send((analytics) => {
  analytics.identify({ userId, traits: { name: 'Ann Lee', email: `${userId}@example.com`, plan: 'gold' } });
  for (let n = 0; n < count; n += 1) {
    analytics.track({ userId, event: 'Order Completed', properties: { n, amount: n / 2, note: '订单 🎁' } });
  }
  analytics.page({ userId, name: 'Home', properties: { path: '/' } });
});

const QUERY = `query P($value: String!, $after: String) {
  customer(identifier: { namespace: "user_id", value: $value }) {
    attributes { name value }
    events(names: ["Order Completed"], first: 100, after: $after) {
      edges { node { properties } } pageInfo { hasNextPage endCursor }
    }
    pages: events(names: ["Page Viewed"]) { edges { node { name } } }
  }
}`;

async function orders() {
  const found = [];
  let after = null;
  for (;;) {
    const { customer } = await ask(QUERY, { value: userId, after });
    if (!customer) return found;
    found.push(...customer.events.edges.map(({ node }) => node.properties));
    if (!customer.events.pageInfo.hasNextPage) return found;
    after = customer.events.pageInfo.endCursor;
  }
}

await until('all events', async () => (await orders()).length >= count);
const found = await orders();
const numbers = new Set(found.map(({ n }) => n));
if (found.length !== count || numbers.size !== count || found.some(({ note }) => note !== '订单 🎁')) {
  throw new Error(`${found.length} events, ${numbers.size} different`);
}
const { customer } = await ask(QUERY, { value: userId });
const attributes = Object.fromEntries(customer.attributes.map(({ name, value }) => [name, value]));
if (attributes.name !== 'Ann Lee' || attributes.plan !== 'gold' || attributes.email !== `${userId}@example.com`) {
  throw new Error(JSON.stringify(attributes));
}
if (customer.pages.edges.length !== 1) throw new Error('no page view');
console.log('ok');
process.exit(0);
