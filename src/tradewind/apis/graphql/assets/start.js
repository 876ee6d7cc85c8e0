"use strict";
// the page lies at the path that takes the requests
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: location.pathname }),
    defaultQuery: "{\n  orders(userId: 1, first: 5) {\n    nodes { id status quantity user { name } }\n  }\n}\n",
  }),
);
