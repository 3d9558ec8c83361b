// The audits of GraphQL over HTTP; prints one line of JSON: [{ id, name, status, reason }].
import { auditServer } from 'graphql-http';
import { authorization, url } from './kith.mjs';

const results = await auditServer({
  url: `${url}/graphql`,
  fetchFn: (target, init = {}) => fetch(target, { ...init, headers: { ...init.headers, authorization } }),
});
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
