// graphql-request and Apollo Client, unchanged: reads {client, document, variables, headers, get, apq, policy} a line, writes what came of it.
// usage: node clients.js URL
'use strict';
const readline = require('node:readline');
const { GraphQLClient } = require('graphql-request');
const { ApolloClient, InMemoryCache, HttpLink, ApolloLink, gql } = require('@apollo/client/core');
const { createPersistedQueryLink } = require('@apollo/client/link/persisted-queries');
const { createHash } = require('node:crypto');

const url = process.argv[2];
const seen = [];
const watched = async (input, init) => {
  const answer = await fetch(input, init);
  seen.push(`${init.method} ${answer.status}`);
  return answer;
};

async function byRequest({ document, variables, headers, get }) {
  const client = new GraphQLClient(url, { headers, fetch: watched, ...(get ? { method: 'GET', jsonSerializer: JSON } : {}) });
  try {
    return { data: await client.request(document, variables) };
  } catch (error) {
    return { status: error.response.status, errors: error.response.errors };
  }
}

async function byApollo({ document, variables, apq, get, policy }) {
  const http = new HttpLink({ uri: url, fetch: watched, useGETForQueries: Boolean(get) });
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const link = apq ? ApolloLink.from([createPersistedQueryLink({ sha256 }), http]) : http;
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const parsed = gql(document);
  const mutates = parsed.definitions.some((one) => one.operation === 'mutation');
  const errorPolicy = policy || 'none';
  try {
    const found = mutates
      ? await client.mutate({ mutation: parsed, variables, errorPolicy })
      : await client.query({ query: parsed, variables, errorPolicy });
    return { data: found.data, errors: found.errors };
  } catch (error) {
    return { graphQLErrors: error.graphQLErrors, network: error.networkError && { status: error.networkError.statusCode, result: error.networkError.result } };
  }
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const asked = JSON.parse(line);
  seen.length = 0;
  const came = await (asked.client === 'apollo' ? byApollo : byRequest)(asked);
  process.stdout.write(JSON.stringify({ ...came, seen: [...seen] }) + '\n');
}).on('close', () => process.exit(0));
